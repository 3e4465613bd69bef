import { NoduleTrainError } from '../../runtime/index.js';
import { refusePromise } from '../scope.js';

type Hook = (module: never, inputs: never, output: never) => unknown;
type Forward = (...inputs: readonly unknown[]) => unknown;
type ForwardAsync = (...inputs: readonly unknown[]) => Promise<unknown>;

/** Modules with hooks, and these in the order of their registration. */
const hooksOf = new WeakMap<object, Set<{ readonly hook: Hook }>>();

/** Puts functions in front of a module's `forward` and `forwardAsync` that call its hooks afterwards. */
function install(module: object, hooks: Set<{ readonly hook: Hook }>): void {
  const { forward, forwardAsync } = module as { forward: Forward; forwardAsync: ForwardAsync };
  const after = (inputs: readonly unknown[], output: unknown): unknown => {
    let result = output;
    for (const { hook } of [...hooks]) {
      const replaced = hook(module as never, inputs as never, result as never);
      refusePromise('registerForwardHook', replaced);
      if (replaced !== undefined) result = replaced;
    }
    return result;
  };
  const define = (name: string, value: unknown): void =>
    void Object.defineProperty(module, name, { value, configurable: true, enumerable: false, writable: true });
  define('forward', (...inputs: readonly unknown[]) => after(inputs, forward.apply(module, [...inputs])));
  define('forwardAsync', async (...inputs: readonly unknown[]) =>
    after(inputs, await forwardAsync.apply(module, [...inputs])),
  );
}

/** Adds a hook to a module and returns a function that removes it. @throws NoduleTrainError `module` */
export function addForwardHook(module: object, hook: Hook): () => void {
  if (typeof hook !== 'function')
    throw new NoduleTrainError('module', `registerForwardHook: found ${typeof hook}, expected a function`);
  let hooks = hooksOf.get(module);
  if (hooks === undefined) {
    hooks = new Set();
    hooksOf.set(module, hooks);
    install(module, hooks);
  }
  const entry = { hook };
  hooks.add(entry);
  return () => void hooks.delete(entry);
}
