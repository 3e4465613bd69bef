/**
 * Signatures that crash the process on malformed input, with the signal. `ops` and `op(name)` skip them, `op(name,
 * {unsafe: true})` includes them. Written by scripts/fuzz/operators.mjs.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const crashingOperators = Object.freeze({
  '_c10d_functional::all_to_all_single': 'SIGSEGV',
  '_c10d_functional::reduce_scatter_tensor_coalesced': 'SIGSEGV',
  '_c10d_functional_autograd::all_to_all_single': 'SIGSEGV',
  'aten::align_tensors': 'SIGSEGV',
  'aten::lcm_': 'SIGFPE',
  'aten::linalg_eigvals': 'SIGSEGV',
  'aten::quantized_lstm_cell': 'SIGSEGV',
  'aten::smooth_l1_loss_backward.grad_input': 'SIGFPE',
  'onednn::linear_prepack_fp16': 'SIGSEGV',
  'quantized::make_quantized_cell_params': 'SIGSEGV',
});
