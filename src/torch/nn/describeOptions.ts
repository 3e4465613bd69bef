/** Describes the arguments and options that made a module, for `util.inspect`: `3, 8, stride=[2, 2], bias=false`. */
export const describeOptions = (first: readonly unknown[], options: object): string => {
  const text = (value: unknown): string =>
    Array.isArray(value) ? `[${value.map(text).join(', ')}]` : typeof value === 'string' ? `'${value}'` : String(value);
  return [...first.map(text), ...Object.entries(options).map(([name, value]) => `${name}=${text(value)}`)].join(', ');
};
