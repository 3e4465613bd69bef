import type { OperatorArgument } from '../operators/operatorArguments.js';
import { lazyOp } from '../operators/operators.js';
import { methodNames, operatorNames, selfPlaces, spreadMethods } from './methodNames.js';
import type { Tensor } from './tensor.js';

type Method = (this: Tensor, ...args: OperatorArgument[]) => unknown;

/** `scatter_add_` is the method `scatterAdd_`. */
const camelCase = (name: string): string =>
  name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

function methodFor(name: string): Method {
  const operator = lazyOp(`aten::${operatorNames[name] ?? name}`);
  const place = selfPlaces[name] ?? 0;
  if (place > 0)
    return function (...args) {
      return operator(...args.slice(0, place), this, ...args.slice(place));
    };
  if (spreadMethods.includes(name))
    return function (...args) {
      return typeof args[0] === 'number' ? operator(this, args as number[]) : operator(this, ...args);
    };
  // Without the arrays of rest parameters, most calls are as fast as a method written by hand.
  return function (first, second) {
    // biome-ignore lint/complexity/noArguments: rest parameters make an array
    switch (arguments.length) {
      case 0:
        return operator(this);
      case 1:
        return operator(this, first);
      case 2:
        return operator(this, first, second);
      default:
        // biome-ignore lint/complexity/noArguments: as above
        return operator(this, ...(arguments as unknown as OperatorArgument[]));
    }
  };
}

/** Puts a method for each operator of `methodNames` on the prototype of Tensor, not enumerable, as those of a class. */
export function installMethods(prototype: Tensor): void {
  for (const name of methodNames) {
    const method = methodFor(name);
    const key = camelCase(name);
    Object.defineProperty(method, 'name', { value: key });
    Object.defineProperty(prototype, key, { value: method, writable: true, enumerable: false, configurable: true });
  }
}
