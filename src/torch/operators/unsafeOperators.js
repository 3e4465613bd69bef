import { crashingOperators } from './crashingOperators.js';

/** Namespaces that `op(name)` gives. All others hold libtorch's own tools, which check little. */
const NAMESPACES = new Set(['aten', 'nodule']);

/** Why a namespace is not given, where there is more to say than that it is internal. */
const NAMESPACE_REASONS = {
  c10d: 'communicates with other processes',
  _c10d_functional: 'communicates with other processes',
  _c10d_functional_autograd: 'communicates with other processes',
  symm_mem: 'communicates with other processes',
  profiler: 'belongs to the profiler',
};

/** Operators that reach beyond tensors. */
const HOST_OPERATORS = {
  from_file: 'opens, creates and extends files, and a later truncation of the file ends the process',
  record_stream: 'changes when the CUDA allocator reuses memory',
};

/** Internals of other libraries, and tensors in their formats, by the beginning of their names. */
const BACKENDS = /^(cudnn|miopen|mkldnn|fbgemm|quantized)_|^to_mkldnn|_mps_backward|^mps_/;

/** Operators that make quantized tensors, whose dtypes this library does not have. */
const QUANTIZED =
  /^(empty_quantized|quantize_per_(tensor|channel)|quantize_per_tensor_dynamic|choose_qparams_optimized|fused_moving_avg_obs_fake_quant|q_\w+|int_repr|qscheme)$/;

/**
 * Returns why a signature (`aten::add.Tensor`) is only given by `op(name, {unsafe: true})`, or null if it is given
 * without. Private names (starting with `_`) are for `op` to refuse; this library calls some of them itself.
 *
 * @param {string} signature
 * @returns {string | null}
 */
export function unsafeReason(signature) {
  const [namespace = '', full = ''] = signature.split('::');
  if (!NAMESPACES.has(namespace))
    return NAMESPACE_REASONS[/** @type {keyof typeof NAMESPACE_REASONS} */ (namespace)] ?? 'is internal to libtorch';
  const name = full.split('.', 1)[0] ?? '';
  const host = HOST_OPERATORS[/** @type {keyof typeof HOST_OPERATORS} */ (name)];
  if (host !== undefined) return host;
  if (BACKENDS.test(name)) return 'is internal to a library that libtorch uses';
  if (/names|dimname/i.test(full.slice(name.length))) return 'is for named dimensions, which tensors here do not have';
  if (QUANTIZED.test(name)) return 'is for quantized tensors';
  const signal = crashingOperators[signature];
  return signal === undefined ? null : `ends the process on malformed input (${signal})`;
}
