import { refuseExisting } from '../ct/index.js';
import { isModelFile, isSafetensors, loadModelFile, modelFileKind, readWeights } from '../model/index.js';
import { checkOutputFile, NoduleTrainError } from '../runtime/index.js';
import { savePt, saveTensors, type Tensor } from '../torch/index.js';

export interface ConvertedModel {
  /** How many tensors were written. */
  tensors: number;
  /** Null where neither the file nor the caller says how the network pools. */
  pooling: 'max' | 'avg' | null;
  /** What the new file cannot say, one sentence each. */
  notes: string[];
}

/**
 * Writes the weights of a model anew: `.safetensors`, `.pt` or `.pth` (a plain state_dict for torch.load), `.state` (the book's dict with
 * `model_state`). Only weights: of a run's checkpoint the optimizer and the counters stay behind. The tensors read are disposed.
 *
 * @throws NoduleTrainError `convert-exists`, `model-format` for another ending, `model-said` where `pooling` contradicts the file, and what reading throws
 */
export async function convertModel(
  from: string,
  to: string,
  { pooling }: { pooling?: 'max' | 'avg' | undefined } = {},
): Promise<ConvertedModel> {
  for (const path of [from, to])
    if (!isModelFile(path))
      throw new NoduleTrainError(
        'model-format',
        `converting the model ${from} to ${to}: ${path} is no model by its name; wanted is .safetensors, .pt, .pth or .state for both`,
      );
  await refuseExisting(`converting ${from}`, to);
  checkOutputFile(`converting ${from}`, 'the output', to);
  const { state, said, all } = weightsOf(from);
  try {
    if (pooling !== undefined && said !== null && pooling !== said)
      throw new NoduleTrainError(
        'model-said',
        `converting the model ${from}: --pooling ${pooling} was given, but the file says ${said}; leave the option out`,
      );
    const known = said ?? pooling ?? null;
    if (isSafetensors(to)) await saveTensors(to, state, known === null ? {} : { pooling: known });
    else await savePt(to, to.endsWith('.state') ? new Map([['model_state', state]]) : state);
    return { tensors: state.size, pooling: known, notes: notesOn(to, known) };
  } finally {
    for (const tensor of all) tensor.dispose();
  }
}

function notesOn(to: string, pooling: 'max' | 'avg' | null): string[] {
  if (pooling === null)
    return [
      `${to}: nothing says how the network pools; give --pooling max or --pooling avg, or whoever uses the file must know it`,
    ];
  return isSafetensors(to)
    ? []
    : [`${to}: a file of torch.save cannot say how the network pools; give --pooling ${pooling} wherever it is used`];
}

/** Weights with what the file says of pooling, and all tensors to dispose. */
function weightsOf(path: string): {
  state: ReadonlyMap<string, Tensor>;
  said: 'max' | 'avg' | null;
  all: Tensor[];
} {
  if (modelFileKind(path) === 'checkpoint') {
    const { model, description, optimizer, average, counts } = loadModelFile(path);
    const all = [...model.values(), ...optimizer.values(), ...average.values(), ...(counts ? [counts] : [])];
    return { state: model, said: description.network.pooling, all };
  }
  const { state, metadata } = readWeights(path);
  const said = (['max', 'avg'] as const).find((name) => name === metadata.pooling) ?? null;
  return { state, said, all: [...state.values()] };
}
