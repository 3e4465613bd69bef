import { types } from 'node:util';
import { isTensor } from '../tensor/tensor.js';

interface Place {
  value: object;
  /** How `value` was reached; null for the container itself. */
  from: Place | null;
  key: unknown;
  kind: 'field' | 'element' | 'map' | 'key' | 'set';
  /** Whether it is inside an instance of a class, whose own parts are searched, but not further instances. */
  inInstance: boolean;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** Arrays beyond this length are read by their keys, as they may be mostly holes. */
const DENSE = 2 ** 22;

/** Calls `visit` with the elements of an array until it returns true. The length is read once, holes may be skipped. */
export function someElement(array: readonly unknown[], visit: (value: unknown, i: number) => boolean): boolean {
  const { length } = array;
  if (!(length > DENSE)) {
    for (let i = 0; i < length; i++) if (visit(array[i], i)) return true;
    return false;
  }
  return Object.keys(array).some((key) => visit(array[Number(key)], Number(key)));
}

/** Calls `visit` with the own values of a container until it returns true, without calling getters. */
function somePart(value: object, visit: (part: unknown, key: unknown, kind: Place['kind']) => boolean): boolean {
  if (Array.isArray(value)) return someElement(value, (part, i) => visit(part, i, 'element'));
  if (types.isMap(value)) {
    let found = false;
    Map.prototype.forEach.call(value, (part, key) => {
      found ||= visit(part, key, 'map') || visit(key, key, 'key');
    });
    return found;
  }
  if (types.isSet(value)) {
    let found = false;
    Set.prototype.forEach.call(value, (part) => {
      found ||= visit(part, null, 'set');
    });
    return found;
  }
  return Reflect.ownKeys(value).some((key) => visit(Object.getOwnPropertyDescriptor(value, key)?.value, key, 'field'));
}

const keyText = (key: unknown): string =>
  typeof key === 'string' ? `'${key}'` : isObject(key) ? 'object' : String(key);

const pathTo = (place: Place | null, start: string): string => {
  const steps: string[] = [];
  for (let at = place; at !== null && at.from !== null; at = at.from)
    steps.push(
      at.kind === 'element'
        ? `[${at.key}]`
        : at.kind === 'map'
          ? `.get(${keyText(at.key)})`
          : at.kind === 'key'
            ? '.keys()'
            : at.kind === 'set'
              ? '.values()'
              : `.${String(at.key)}`,
    );
  return start + steps.reverse().join('');
};

/**
 * Searches arrays, plain objects, Maps and Sets to any depth, and instances of other classes to a depth of one, for an
 * object that `wanted` accepts. Returns the first one and its place.
 */
export function findHidden(
  start: string,
  container: object,
  wanted: (value: object) => boolean,
): { path: string; value: object } | undefined {
  const seen = new Set<object>([container]);
  const open: Place[] = [{ value: container, from: null, key: null, kind: 'field', inInstance: false }];
  let hidden: Place | undefined;
  for (let place = open.pop(); place !== undefined && hidden === undefined; place = open.pop()) {
    const { value } = place;
    if (isTensor(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) continue;
    const isContainer = Array.isArray(value) || types.isMap(value) || types.isSet(value) || isPlain(value);
    if (!isContainer && place.inInstance) continue;
    const from = place;
    somePart(value, (part, key, kind) => {
      if (!isObject(part) || seen.has(part)) return false;
      seen.add(part);
      const found: Place = { value: part, from, key, kind, inInstance: from.inInstance || !isContainer };
      if (wanted(part)) hidden = found;
      else open.push(found);
      return hidden !== undefined;
    });
  }
  return hidden === undefined ? undefined : { path: pathTo(hidden, start), value: hidden.value };
}
