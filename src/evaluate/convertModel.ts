import { refuseExisting } from '../ct/index.js';
import { isModelFile, isSafetensors, loadModelFile, modelFileKind, readWeights } from '../model/index.js';
import { checkOutputFile, NoduleTrainError } from '../runtime/index.js';
import { savePt, saveTensors, type Tensor } from '../torch/index.js';

export interface ConvertedModel {
  /** Number of tensors written. */
  tensors: number;
  /** Pooling of the network; null if neither the file nor the caller states it. */
  pooling: 'max' | 'avg' | null;
  /** What the new file does not record, one sentence each, without a final period. */
  notes: string[];
}

/**
 * Converts a model file to another format: `.safetensors`, `.pt` or `.pth` (a plain state_dict for torch.load), or
 * `.state` (the book's dict with `model_state`). Copies weights only; the optimizer and the counters of a checkpoint
 * are dropped.
 *
 * @throws NoduleTrainError `convert-exists` if `to` exists, `model-format` for another extension, `model-said` if
 *   `pooling` contradicts the file, and what reading the file throws
 */
export async function convertModel(
  from: string,
  to: string,
  { pooling }: { pooling?: 'max' | 'avg' | undefined } = {},
): Promise<ConvertedModel> {
  for (const path of [from, to])
    if (!isModelFile(path) || (path === to && /\.ckpt$/i.test(to)))
      throw new NoduleTrainError(
        'model-format',
        `converting the model ${from} to ${to}: the extension of ${path} is not that of a model, ` +
          'expected .safetensors, .pt, .pth or .state for both (also .ckpt for the first). Rename the file.',
      );
  await refuseExisting(`converting ${from}`, to);
  checkOutputFile(`converting ${from}`, 'the output', to);
  const { state, recorded, all, notes } = loadWeights(from);
  try {
    if (pooling !== undefined && recorded !== null && pooling !== recorded)
      throw new NoduleTrainError(
        'model-said',
        `converting the model ${from}: found --pooling ${pooling}, but the file records ${recorded}. ` +
          'Omit the option.',
      );
    const known = recorded ?? pooling ?? null;
    if (isSafetensors(to)) await saveTensors(to, state, known === null ? {} : { pooling: known });
    else await savePt(to, to.endsWith('.state') ? new Map([['model_state', state]]) : state);
    return {
      tensors: state.size,
      pooling: known,
      notes: [...notes.map((note) => note.replace(/\.$/, '')), ...conversionNotes(to, known)],
    };
  } finally {
    for (const tensor of all) tensor.dispose();
  }
}

function conversionNotes(to: string, pooling: 'max' | 'avg' | null): string[] {
  if (pooling === null)
    return [`${to} does not record how the network pools; convert it again with --pooling max or --pooling avg`];
  return isSafetensors(to)
    ? []
    : [`${to} cannot record how the network pools; give --pooling ${pooling} wherever it is used`];
}

/** Loads the weights with the pooling that the file records; `all` are the tensors to dispose. */
function loadWeights(path: string): {
  state: ReadonlyMap<string, Tensor>;
  recorded: 'max' | 'avg' | null;
  all: Tensor[];
  notes: readonly string[];
} {
  if (modelFileKind(path) === 'checkpoint') {
    const { model, description, optimizer, average, counts } = loadModelFile(path);
    const all = [...model.values(), ...optimizer.values(), ...average.values(), ...(counts ? [counts] : [])];
    return { state: model, recorded: description.network.pooling, all, notes: [] };
  }
  const { state, metadata, notes } = readWeights(path);
  const recorded = (['max', 'avg'] as const).find((name) => name === metadata.pooling) ?? null;
  return { state, recorded, all: [...state.values()], notes };
}
