import { types } from 'node:util';
import { isTensor } from '../tensor/tensor.js';

interface Place {
  path: string;
  value: object;
  /** Whether it is inside an instance of a class, whose own parts are searched, but not further instances. */
  inInstance: boolean;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

const text = (key: unknown): string => (typeof key === 'string' ? `'${key}'` : isObject(key) ? 'object' : String(key));

/** Own values of a container, without calling getters. */
function* partsOf({ path, value }: Place): Generator<[path: string, value: unknown]> {
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) yield [`${path}[${i}]`, value[i]];
  else if (types.isMap(value)) {
    const found: [string, unknown][] = [];
    Map.prototype.forEach.call(value, (item, key) =>
      found.push([`${path}.get(${text(key)})`, item], [`${path}.keys()`, key]),
    );
    yield* found;
  } else if (types.isSet(value)) {
    const found: [string, unknown][] = [];
    Set.prototype.forEach.call(value, (item) => found.push([`${path}.values()`, item]));
    yield* found;
  } else
    for (const key of Reflect.ownKeys(value))
      yield [`${path}.${String(key)}`, Object.getOwnPropertyDescriptor(value, key)?.value];
}

/**
 * Searches arrays, plain objects, Maps and Sets to any depth, and instances of other classes to a depth of one, for an
 * object that `wanted` accepts. Returns the first one and its place.
 */
export function findHidden(
  path: string,
  container: object,
  wanted: (value: object) => boolean,
): { path: string; value: object } | undefined {
  const seen = new Set<object>([container]);
  const open: Place[] = [{ path, value: container, inInstance: false }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value } = place;
    if (isTensor(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) continue;
    const isContainer = Array.isArray(value) || types.isMap(value) || types.isSet(value) || isPlain(value);
    if (!isContainer && place.inInstance) continue;
    for (const [partPath, part] of partsOf(place)) {
      if (!isObject(part) || seen.has(part)) continue;
      if (wanted(part)) return { path: partPath, value: part };
      seen.add(part);
      open.push({ path: partPath, value: part, inInstance: place.inInstance || !isContainer });
    }
  }
  return undefined;
}
