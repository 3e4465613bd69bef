import { inspect } from 'node:util';
import { native } from '../native.js';
import { asyncOp, op } from './operators.js';
import type { AsyncAtenOperators, AtenOperators, NoduleOperators } from './operatorTypes.generated.js';
import { unsafeReason } from './unsafeOperators.js';

/** Public operators of the `aten` namespace, typed by their schemas. */
export interface Ops extends AtenOperators {
  /** The project's own operators: `ops.nodule.crop_augment(…)`. */
  readonly nodule: NoduleOperators;
}

/** Operators of the `aten` namespace that write to no argument, each returning a promise. */
export interface AsyncOps extends AsyncAtenOperators {}

/** Names of a dispatcher namespace with a signature that `op(name)` gives without `unsafe`, sorted. */
function safeNames(namespace: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const signature of native().operatorNames()) {
    if (!signature.startsWith(`${namespace}::`) || unsafeReason(signature) !== null) continue;
    const name = signature.slice(namespace.length + 2).split('.', 1)[0]!;
    if (!name.startsWith('_')) names.add(name);
  }
  return new Set([...names].sort());
}

// JavaScript reads these names on any object, for example `then` to detect a promise.
const OPTIONAL = new Set(['then', 'toJSON']);

/**
 * An object with an operator for each name of a dispatcher namespace. An operator is looked up at its first use; the
 * list of names is read from the addon when the keys are, so that importing this file does not load libtorch.
 *
 * @param describe the text of `util.inspect`, which would look up and print every operator
 */
function operatorsOf(
  namespace: string,
  nested: object,
  describe: (names: ReadonlySet<string>) => string,
  find: (name: string) => unknown = op,
  isIncluded: (name: string) => boolean = () => true,
): object {
  let listed: ReadonlySet<string> | undefined;
  const names = (): ReadonlySet<string> => {
    listed ??= new Set([...safeNames(namespace)].filter(isIncluded));
    return listed;
  };
  // Not on the object itself, so that console.dir, which ignores inspect.custom, is short too.
  const known: Record<string, unknown> = Object.assign(Object.create(null), nested);
  const bare: object = Object.create({ [inspect.custom]: () => describe(names()) });
  const lookUp = (name: string | symbol): unknown => {
    if (typeof name !== 'string' || OPTIONAL.has(name) || name in bare) return Reflect.get(bare, name);
    const operator = find(`${namespace}::${name}`);
    known[name] = operator;
    return operator;
  };
  const isListed = (name: string | symbol): boolean =>
    typeof name === 'string' && (Object.hasOwn(nested, name) || names().has(name));
  return new Proxy(bare, {
    get: (_, name) => known[name as string] ?? lookUp(name),
    has: (_, name) => name in bare || isListed(name),
    ownKeys: () => [...Object.keys(nested), ...names()],
    getOwnPropertyDescriptor: (_, name) =>
      isListed(name)
        ? { value: known[name as string] ?? lookUp(name), writable: false, enumerable: true, configurable: true }
        : undefined,
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
    preventExtensions: () => false,
  });
}

const nodule = operatorsOf(
  'nodule',
  {},
  (names) => `ops.nodule: ${[...names].join(', ')}. ops.nodule.NAME.schemas shows the signatures`,
);

/**
 * Every public operator of the `aten` namespace, and under `ops.nodule` the project's own. Arguments come in the order
 * of the schema or, in an object at the end, by name: `ops.sum(x, [0], {keepdim: true})`. `Object.keys(ops)` lists the
 * names. Reading a name that no operator has throws.
 *
 * @throws NoduleTrainError `torch` if no signature fits the arguments (the message names the argument and the schema)
 *   or libtorch refuses them
 */
export const ops = operatorsOf(
  'aten',
  { nodule },
  (names) =>
    `ops: ${names.size} operators of aten, and nodule. ` +
    'Object.keys(ops) lists them, ops.NAME.schemas shows the signatures',
) as Ops;

/**
 * The operators of `ops` that write to no argument, off this thread: `await opsAsync.matmul(x, y)`. They run one after
 * the other, in the order of the calls, with grad mode and autocast as at the call. The arguments may be disposed at
 * once, but must not be written to until the promise resolves. The result belongs to no scope.
 *
 * The promise is rejected with the errors that `ops` throws.
 */
export const opsAsync = operatorsOf(
  'aten',
  {},
  (names) => `opsAsync: ${names.size} operators of aten that return promises. Object.keys(opsAsync) lists them`,
  asyncOp,
  (name) => !name.endsWith('_'),
) as AsyncOps;
