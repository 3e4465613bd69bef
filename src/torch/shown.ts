import { types } from 'node:util';

const LONGEST = 60;

/**
 * Describes a value that an error names. Runs no code of the value: no getter, `toString` or trap of a Proxy, which
 * could throw or change what is being checked.
 */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > LONGEST ? `'${value.slice(0, LONGEST)}…'` : `'${value}'`;
    case 'bigint':
      return `${value}n`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'undefined':
    case 'boolean':
      return String(value);
    case 'symbol':
    case 'function':
      return `a ${typeof value}`;
    default:
      if (value === null) return 'null';
      if (types.isProxy(value)) return 'a Proxy';
      if (Array.isArray(value)) return 'an array';
      return ArrayBuffer.isView(value) ? 'a typed array' : 'an object';
  }
}
