/**
 * Signatures that crash the process on malformed input, with the signal. `ops` and `op(name)` skip them, `op(name,
 * {unsafe: true})` includes them. Written by scripts/fuzz/operators.mjs.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const crashingOperators = Object.freeze({
  'aten::align_tensors': 'SIGSEGV',
});
