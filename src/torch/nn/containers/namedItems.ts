import { types } from 'node:util';
import { NoduleTrainError } from '../../../runtime/index.js';

/** Items by name: a plain object, or a Map or pairs, which keep the order also of names such as '10' and '2'. */
export type NamedItems<T> = { readonly [name: string]: T } | Iterable<readonly [string, T]>;

/**
 * Reads named items once and in order. A plain object lists names that are whole numbers first and by size, as
 * JavaScript does.
 * @throws NoduleTrainError `module` if a name is empty, not a string, given twice or has a point
 */
export function namedItems<T>(what: string, items: NamedItems<T>): [string, T][] {
  if (typeof items !== 'object' || items === null)
    throw new NoduleTrainError(
      'module',
      `${what}: found ${items === null ? 'null' : typeof items}, expected an object, a Map or pairs of name and item`,
    );
  const listed: [string, T][] = types.isMap(items)
    ? [...(Map.prototype.entries.call(items) as Iterable<[string, T]>)]
    : Symbol.iterator in items
      ? Array.from(items as Iterable<readonly [string, T]>, ([name, item]) => [name, item])
      : Object.entries(items);
  const names = new Set<string>();
  for (const [name] of listed) {
    checkName(what, name);
    if (names.has(name))
      throw new NoduleTrainError('module', `${what}: found the name '${name}' twice, expected it once`);
    names.add(name);
  }
  return listed;
}

/** Checks that a name can be part of a name in the state_dict. @throws NoduleTrainError `module` */
export function checkName(what: string, name: string): string {
  if (typeof name !== 'string' || name === '' || name.includes('.'))
    throw new NoduleTrainError(
      'module',
      `${what}: a name is ${typeof name === 'string' ? `'${name}'` : typeof name}, ` +
        'expected a string that is not empty and has no point',
    );
  return name;
}
