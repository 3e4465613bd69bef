import { NoduleTrainError } from '../runtime/index.js';
import { isTensor, type Tensor } from '../torch/index.js';

type StateDict = ReadonlyMap<string, Tensor>;

/**
 * Names under which trainers save the weights beside other things, the likeliest first: the book (model_state),
 * Lightning and MONAI (state_dict), nnU-Net (network_weights), torchvision and timm (model, state_dict), and others.
 */
const WRAPPERS = [
  'model_state',
  'state_dict',
  'model_state_dict',
  'network_weights',
  'network_state_dict',
  'net_state_dict',
  'model',
  'network',
  'net',
  'module',
  'weights',
  'params',
  'ema_state_dict',
  'state_dict_ema',
  'model_ema',
];

/** Where the book's files, and our `.state`, hold the weights: usual here, so nothing to report. */
const THE_BOOKS = 'model_state';

/** Depth to which the weights are looked for. */
const MOST_LEVELS = 4;

/** Weights of a file of torch.save, with notes on how they were found. */
export interface FoundStateDict {
  readonly state: StateDict;
  readonly notes: readonly string[];
}

/**
 * Finds the weights in what a trainer saved, and removes what wrappers of the model (DDP, torch.compile, FSDP,
 * Lightning) added to their names.
 * @throws NoduleTrainError `model-weights` if there is no state_dict, or two weights would get the same name
 */
export function findStateDict(path: string, value: unknown): FoundStateDict {
  const found = search(value, '');
  if (found === null)
    throw new NoduleTrainError(
      'model-weights',
      `reading the model ${path}: found no state_dict but ${describe(value)}, expected one by itself or in a dict as one of ` +
        `${WRAPPERS.slice(0, 7).join(', ')}. Save \`model.state_dict()\`.`,
    );
  const notes = found.place === '' || found.place === THE_BOOKS ? [] : [`The weights are those of ${found.place}.`];
  if (found.others.length > 0)
    notes.push(`The file also has weights in ${found.others.join(', ')}, which were not used.`);
  const { state, removed, omitted } = withoutPrefixes(path, found.state);
  if (omitted.length > 0)
    notes.push(
      `Omitted ${omitted[0]}${omitted.length > 1 ? ` and ${omitted.length - 1} more` : ''}, of a loss or metric.`,
    );
  if (removed.length > 0) notes.push(`Removed ${removed.join(', ')} from the names of the weights.`);
  return { state, notes };
}

interface Place {
  readonly state: StateDict;
  /** Names of the dicts around it, joined by dots. */
  readonly place: string;
  /** Other places with weights. */
  readonly others: readonly string[];
}

function search(value: unknown, place: string, level = 0): Place | null {
  if (!(value instanceof Map) || level > MOST_LEVELS) return null;
  const entries = [...value] as [unknown, unknown][];
  if (entries.length > 0 && entries.every(([name, item]) => typeof name === 'string' && isTensor(item)))
    return { state: value as StateDict, place, others: [] };
  const found = WRAPPERS.flatMap((name) => {
    const inner = search(value.get(name), place === '' ? name : `${place}.${name}`, level + 1);
    return inner === null ? [] : [inner];
  });
  const [first, ...rest] = found;
  return first === undefined ? null : { ...first, others: [...first.others, ...rest.map((one) => one.place)] };
}

/** Parts of a name that wrappers add anywhere in it. */
const WRAPPER_PARTS = ['_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module', '_forward_module'];
/** Beginnings that belong to a wrapper if every weight has them. */
const WRAPPER_STARTS = ['module.', 'model.', 'net.', 'network.', 'student.', 'ema_model.', 'generator.'];
/** A counter that torch.optim.swa_utils.AveragedModel keeps beside the weights. */
const COUNTER = 'n_averaged';

/** Weights of losses and metrics. */
const BESIDE = /^(\w*_)?(loss|losses|loss_fn|loss_function|criterion|criteria|metrics?)\./;

function withoutPrefixes(path: string, given: StateDict): { state: StateDict; removed: string[]; omitted: string[] } {
  const omitted: string[] = [];
  const removed = new Set<string>();
  const averaged =
    given.has(COUNTER) && [...given.keys()].every((name) => name === COUNTER || name.startsWith('module.'));
  if (averaged) removed.add(COUNTER);
  let names = [...given.keys()]
    .filter((name) => !averaged || name !== COUNTER)
    .map((original) => {
      const parts = original.split('.');
      for (const part of parts) if (WRAPPER_PARTS.includes(part)) removed.add(`${part}.`);
      return { original, name: parts.filter((part) => !WRAPPER_PARTS.includes(part)).join('.') };
    });
  // A Lightning module holds the weights of its loss and its metrics beside those of the model.
  const start = WRAPPER_STARTS.find((one) => names.some(({ name }) => name.startsWith(one)));
  const beside = names.filter(({ name }) => BESIDE.test(name));
  const isWrapped = start !== undefined && names.every(({ name }) => name.startsWith(start) || BESIDE.test(name));
  if (isWrapped && beside.length > 0) {
    omitted.push(...beside.map(({ original }) => original));
    names = names.filter((one) => !beside.includes(one));
  }
  for (let start = common(names); start !== undefined; start = common(names)) {
    const prefix = start;
    removed.add(prefix);
    names = names.map(({ original, name }) => ({ original, name: name.slice(prefix.length) }));
  }
  refuseBoth(path, new Set(names.map(({ name }) => name)));
  if (removed.size === 0) return { state: given, removed: [], omitted };
  const state = new Map<string, Tensor>();
  const before = new Map<string, string>();
  for (const { original, name } of names) {
    const other = before.get(name);
    if (other !== undefined)
      throw new NoduleTrainError(
        'model-weights',
        `reading the model ${path}: without ${[...removed].join(', ')} the weights ${other} and ${original} would have ` +
          'the same name. Save the weights of one model.',
      );
    before.set(name, original);
    state.set(name, given.get(original)!);
  }
  const kept = new Set(names.map(({ original }) => original));
  for (const [name, tensor] of given) if (!kept.has(name)) tensor.dispose();
  return { state, removed: [...removed], omitted };
}

/** Refuses a file with weights both of a model and of the same model in a wrapper. */
function refuseBoth(path: string, names: ReadonlySet<string>): void {
  for (const start of WRAPPER_STARTS)
    for (const name of names)
      if (name.startsWith(start) && names.has(name.slice(start.length)))
        throw new NoduleTrainError(
          'model-weights',
          `reading the model ${path}: found both ${name.slice(start.length)} and ${name}, expected the weights of one ` +
            'model. Save them to files of their own.',
        );
}

const common = (names: readonly { name: string }[]): string | undefined =>
  names.length === 0
    ? undefined
    : WRAPPER_STARTS.find((start) => names.every(({ name }) => name.startsWith(start) && name.length > start.length));

/** Describes a value without its content, which may be large or personal. */
function describe(value: unknown): string {
  if (value instanceof Map) {
    const names = [...value.keys()].slice(0, 8).map(String);
    return value.size === 0 ? 'an empty dict' : `a dict of ${names.join(', ')}${value.size > names.length ? ' …' : ''}`;
  }
  if (isTensor(value)) return 'a tensor';
  return Array.isArray(value) ? 'a list' : value === null ? 'None' : `a ${typeof value}`;
}
