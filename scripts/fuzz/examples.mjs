// Valid calls of operators whose arguments must fit each other, for the fuzz to spoil. Random arguments never get
// past their first checks.
import { fromData, ops } from '../../dist/torch/index.js';

const filled = (shape, value, dtype) => {
  const numel = shape.reduce((product, size) => product * size, 1);
  return fromData(Float64Array.from({ length: numel }, value), shape).to(dtype);
};

/** Returns the examples of one seed: a function per operator, which returns its arguments in the schema's order. */
export const examplesFor = (draw) => {
  const below = (n) => Math.floor(draw() * n);
  const real = (...shape) => filled(shape, () => draw() * 2 - 1, 'float32');
  const share = (...shape) => filled(shape, draw, 'float32');
  const int = (shape, end, first = 0) => filled(shape, () => first + below(end - first), 'int64');
  const list = (values, dtype = 'int64') => filled([values.length], (_, i) => values[i], dtype);
  const sparse = () => ops.to_sparse(real(3, 4).relu());
  const compressed = () => ops.to_sparse_csr(real(3, 4).relu());
  const square = (n = 3) => real(n, n);
  const pool2 = () => [real(1, 2, 2, 2), real(1, 2, 4, 4)];
  const pool3 = () => [real(1, 2, 2, 2, 2), real(1, 2, 4, 4, 4)];
  const norm = () => [real(2), real(2), real(2), share(2)];
  const recurrent = (gates, states) => {
    const weights = [real(gates * 3, 4), real(gates * 3, 3), real(gates * 3), real(gates * 3)];
    const hidden = states === 2 ? [real(1, 2, 3), real(1, 2, 3)] : real(1, 2, 3);
    const rest = [true, 1, 0, false, false];
    return {
      input: [real(5, 2, 4), hidden, weights, ...rest, false],
      packed: [real(5, 4), list([2, 2, 1]), hidden, weights, ...rest],
    };
  };
  const cell = (gates, states) => {
    const hidden = states === 2 ? [real(2, 3), real(2, 3)] : real(2, 3);
    return [real(2, 4), hidden, real(gates * 3, 4), real(gates * 3, 3), real(gates * 3), real(gates * 3)];
  };
  const upsampled = (dims, extra) => {
    const space = (n) => Array.from({ length: dims }, () => n);
    return {
      forward: [real(1, 2, ...space(3)), space(5), ...extra],
      backward: [real(1, 2, ...space(5)), space(5), [1, 2, ...space(3)], ...extra],
    };
  };
  const ctc = () => [ops.log_softmax(real(6, 2, 4), 2), int([2, 3], 4, 1), [6, 5], [3, 2], 0];
  const bag = () => [real(5, 3), int([6], 5), list([0, 2, 4]), false, below(3), false, null, false];
  const lu = () => {
    const [data, pivots] = ops.linalg_lu_factor(square());
    return [data, pivots];
  };
  const ldl = () => ops.linalg_ldl_factor(square().add(square().t()));
  const conv = (dims) => {
    const space = (n) => Array.from({ length: dims }, () => n);
    return [real(1, 2, ...space(5)), real(3, 2, ...space(3)), real(3), space(1), space(0), space(1)];
  };
  const nll = () => [real(4, 3), int([4], 3), real(3), 1, -100];
  const nll2 = () => [real(2, 3, 2, 2), int([2, 2, 2], 3), real(3), 1, -100];

  const recurrents = {};
  for (const [name, gates, states] of [
    ['lstm', 4, 2],
    ['gru', 3, 1],
    ['rnn_tanh', 1, 1],
    ['rnn_relu', 1, 1],
  ]) {
    recurrents[`${name}.input`] = () => recurrent(gates, states).input;
    recurrents[`${name}.data`] = () => recurrent(gates, states).packed;
    recurrents[`${name}_cell`] = () => cell(gates, states);
  }
  const upsamples = {};
  for (const [name, dims, extra] of [
    ['upsample_nearest1d', 1, []],
    ['upsample_nearest2d', 2, []],
    ['upsample_nearest3d', 3, []],
    ['upsample_linear1d', 1, [false]],
    ['upsample_bilinear2d', 2, [false]],
    ['upsample_trilinear3d', 3, [false]],
    ['upsample_bicubic2d', 2, [false]],
  ]) {
    upsamples[name] = () => upsampled(dims, [...extra, ...Array.from({ length: dims }, () => null)]).forward;
    upsamples[`${name}_backward`] = () =>
      upsampled(dims, [...extra, ...Array.from({ length: dims }, () => null)]).backward;
  }
  const paddings = {};
  for (const kind of ['reflection', 'replication'])
    for (const dims of [1, 2, 3]) {
      const space = (n) => Array.from({ length: dims }, () => n);
      const padding = Array.from({ length: 2 * dims }, () => 1);
      paddings[`${kind}_pad${dims}d`] = () => [real(1, 2, ...space(3)), padding];
      paddings[`${kind}_pad${dims}d_backward`] = () => [real(1, 2, ...space(5)), real(1, 2, ...space(3)), padding];
    }

  return {
    ...recurrents,
    ...upsamples,
    ...paddings,
    max_pool2d_with_indices_backward: () => [...pool2(), [2, 2], [2, 2], [0, 0], [1, 1], false, int([1, 2, 2, 2], 16)],
    max_pool3d_with_indices_backward: () => [
      ...pool3(),
      [2, 2, 2],
      [2, 2, 2],
      [0, 0, 0],
      [1, 1, 1],
      false,
      int([1, 2, 2, 2, 2], 64),
    ],
    adaptive_max_pool2d_backward: () => [...pool2(), int([1, 2, 2, 2], 16)],
    adaptive_max_pool3d_backward: () => [...pool3(), int([1, 2, 2, 2, 2], 64)],
    adaptive_avg_pool2d: () => [real(1, 2, 4, 4), [2, 2]],
    adaptive_avg_pool3d: () => [real(1, 2, 4, 4, 4), [2, 2, 2]],
    'adaptive_avg_pool3d_backward.grad_input': () => [...pool3(), { grad_input: real(1) }],
    avg_pool2d_backward: () => [...pool2(), [2, 2], [2, 2], [0, 0], false, true, null],
    avg_pool3d_backward: () => [...pool3(), [2, 2, 2], [2, 2, 2], [0, 0, 0], false, true, null],
    fractional_max_pool2d: () => [real(1, 2, 4, 4), [2, 2], [2, 2], share(1, 2, 2)],
    fractional_max_pool3d: () => [real(1, 2, 4, 4, 4), [2, 2, 2], [2, 2, 2], share(1, 2, 3)],
    fractional_max_pool2d_backward: () => [...pool2(), [2, 2], [2, 2], int([1, 2, 2, 2], 16)],
    fractional_max_pool3d_backward: () => [...pool3(), [2, 2, 2], [2, 2, 2], int([1, 2, 2, 2, 2], 64)],
    max_unpool2d: () => [real(1, 2, 2, 2), int([1, 2, 2, 2], 16), [4, 4]],
    max_unpool3d: () => [real(1, 2, 2, 2, 2), int([1, 2, 2, 2, 2], 64), [4, 4, 4], [2, 2, 2], [0, 0, 0]],
    native_batch_norm: () => [real(3, 2, 4), ...norm(), true, 0.1, 1e-5],
    batch_norm: () => [real(3, 2, 4), ...norm(), true, 0.1, 1e-5, false],
    instance_norm: () => [real(3, 2, 4), ...norm(), true, 0.1, 1e-5, false],
    batch_norm_update_stats: () => [real(3, 2, 4), real(2), share(2), 0.1],
    native_batch_norm_backward: () => [
      real(3, 2, 4),
      real(3, 2, 4),
      real(2),
      real(2),
      share(2),
      real(2),
      share(2),
      draw() < 0.5,
      1e-5,
      [true, true, true],
    ],
    batch_norm_backward: () => [
      real(3, 2, 4),
      real(3, 2, 4),
      real(2),
      real(2),
      share(2),
      real(2),
      share(2),
      draw() < 0.5,
      1e-5,
      [true, true, true],
      fromData(new Uint8Array(0)),
    ],
    native_group_norm: () => [real(2, 4, 3), real(4), real(4), 2, 4, 3, 2, 1e-5],
    native_group_norm_backward: () => [
      real(2, 4, 3),
      real(2, 4, 3),
      real(2, 2),
      share(2, 2),
      real(4),
      2,
      4,
      3,
      2,
      [true, true, true],
    ],
    native_layer_norm: () => [real(2, 4, 3), [4, 3], real(4, 3), real(4, 3), 1e-5],
    native_layer_norm_backward: () => [
      real(2, 4, 3),
      real(2, 4, 3),
      [4, 3],
      real(2, 1, 1),
      share(2, 1, 1),
      real(4, 3),
      real(4, 3),
      [true, true, true],
    ],
    'ctc_loss.IntList': ctc,
    'ctc_loss.Tensor': () => {
      const [probs, targets, inputs, lengths, blank] = ctc();
      return [probs, targets, list(inputs), list(lengths), blank];
    },
    nll_loss: nll,
    nll_loss2d: nll2,
    nll_loss_forward: nll,
    nll_loss2d_forward: nll2,
    nll_loss_backward: () => [real(), ...nll(), share()],
    nll_loss2d_backward: () => [real(), ...nll2(), share()],
    cross_entropy_loss: nll,
    multi_margin_loss: () => [real(4, 3), int([4], 3), 1, 1, real(3)],
    multi_margin_loss_backward: () => [real(), real(4, 3), int([4], 3), 1, 1, real(3)],
    multilabel_margin_loss: () => [real(4, 3), int([4, 3], 3, -1)],
    multilabel_margin_loss_forward: () => [real(4, 3), int([4, 3], 3, -1), 1],
    multilabel_margin_loss_backward: () => [
      real(),
      real(4, 3),
      int([4, 3], 3, -1),
      1,
      share(4, 3).gt(0.5).to('float32'),
    ],
    segment_reduce: () => [
      real(6, 2),
      ['sum', 'mean', 'max', 'min', 'prod'][below(5)],
      draw() < 0.5 ? { lengths: list([2, 3, 1]), unsafe: draw() < 0.5 } : { offsets: list([0, 2, 5, 6]) },
    ],
    'repeat_interleave.Tensor': () => [list([1, 2, 0, 3]), { outputSize: 6 + below(2) * below(4) }],
    'repeat_interleave.self_Tensor': () => [real(4), list([1, 2, 0, 3]), 0, { outputSize: 6 + below(2) * below(4) }],
    embedding: () => [real(5, 3), int([4], 5)],
    embedding_backward: () => [real(4, 3), int([4], 5), 5, -1, false, draw() < 0.3],
    embedding_dense_backward: () => [real(4, 3), int([4], 5), 5, -1, draw() < 0.5],
    embedding_sparse_backward: () => [real(4, 3), int([4], 5), 5, -1, false],
    embedding_renorm_: () => [real(5, 3), int([4], 5), 1, 2],
    embedding_bag: bag,
    'embedding_bag.padding_idx': () => [...bag(), 1],
    grid_sampler_2d: () => [real(1, 2, 3, 3), real(1, 4, 4, 2), below(3), below(3), draw() < 0.5],
    grid_sampler_3d: () => [real(1, 2, 3, 3, 3), real(1, 2, 2, 2, 3), below(2), below(3), draw() < 0.5],
    grid_sampler: () => [real(1, 2, 3, 3), real(1, 4, 4, 2), below(3), below(3), draw() < 0.5],
    grid_sampler_2d_backward: () => [
      real(1, 2, 4, 4),
      real(1, 2, 3, 3),
      real(1, 4, 4, 2),
      below(3),
      below(3),
      draw() < 0.5,
      [true, true],
    ],
    grid_sampler_3d_backward: () => [
      real(1, 2, 2, 2, 2),
      real(1, 2, 3, 3, 3),
      real(1, 2, 2, 2, 3),
      below(2),
      below(3),
      draw() < 0.5,
      [true, true],
    ],
    gather: () => [real(3, 4), 1, int([3, 2], 4)],
    scatter: () => [real(3, 4), 1, int([3, 2], 4), real(3, 2)],
    scatter_: () => [real(3, 4), 1, int([3, 2], 4), real(3, 2)],
    scatter_add: () => [real(3, 4), 1, int([3, 2], 4), real(3, 2)],
    scatter_add_: () => [real(3, 4), 0, int([3, 1], 3).expand(3, 4), real(3, 4)],
    scatter_reduce: () => [real(3, 4), 0, int([3, 1], 3).expand(3, 4), real(3, 4), 'amax'],
    index_select: () => [real(3, 4), 1, int([5], 4)],
    index_add: () => [real(3, 4), 0, int([2], 3), real(2, 4)],
    index_copy: () => [real(3, 4), 0, int([2], 3), real(2, 4)],
    index_fill: () => [real(3, 4), 0, int([2], 3), 1],
    index_reduce: () => [real(3, 4), 0, int([2], 3), real(2, 4), 'prod'],
    index: () => [real(3, 4), [int([2], 3), int([2], 4)]],
    index_put: () => [real(3, 4), [int([2], 3), int([2], 4)], real(2), draw() < 0.5],
    index_put_: () => [real(3, 4), [int([2], 3), null], real(2, 4), draw() < 0.5],
    take: () => [real(3, 4), int([5], 12)],
    put: () => [real(3, 4), int([5], 12), real(5), draw() < 0.5],
    put_: () => [real(3, 4), int([5], 12), real(5), draw() < 0.5],
    take_along_dim: () => [real(3, 4), int([3, 2], 4), 1],
    masked_select: () => [real(3, 4), real(3, 4).gt(0)],
    masked_scatter: () => [real(3, 4), real(3, 4).gt(0), real(12)],
    masked_fill: () => [real(3, 4), real(3, 4).gt(0), 1],
    cummaxmin_backward: () => [real(3, 4), real(3, 4), int([3, 4], 4), 1],
    value_selecting_reduction_backward: () => [real(3), 1, int([3], 4), [3, 4], false],
    index_select_backward: () => [real(3, 5), [3, 4], 1, int([5], 4)],
    masked_scatter_backward: () => [real(3, 4), real(3, 4).gt(0), [12]],
    unfold_backward: () => [real(3, 2, 3), [3, 4], 1, 3, 1],
    diagonal_backward: () => [real(3), [3, 4], 0, 0, 1],
    slice_backward: () => [real(3, 2), [3, 4], 1, 0, 4, 2],
    select_backward: () => [real(3), [3, 4], 1, 2],
    multinomial: () => [share(2, 4), 3, draw() < 0.5],
    binomial: () => [int([4], 20).to('float32'), share(4)],
    poisson: () => [share(4)],
    bincount: () => [int([6], 5), share(6), 7],
    histc: () => [real(6), 4, -1, 1],
    'histogram.bins_tensor': () => [real(6), list([-1, 0, 1], 'float32'), { weight: share(6) }],
    'histogram.bin_ct': () => [real(6), 4],
    histogramdd: () => [real(6, 2), [3, 2]],
    'bucketize.Tensor': () => [real(4), list([-1, 0, 1], 'float32')],
    'searchsorted.Tensor': () => [
      list([-1, 0, 1], 'float32'),
      real(4),
      { sorter: draw() < 0.5 ? null : int([3], 3 + below(2)) },
    ],
    one_hot: () => [int([4], 3), 3],
    as_strided: () => [real(12), [3, 4], [4, 1], 0],
    as_strided_: () => [real(12), [3, 4], [4, 1], 0],
    as_strided_copy: () => [real(12), [3, 4], [4, 1], 0],
    as_strided_scatter: () => [real(12), real(3, 4), [3, 4], [4, 1], 0],
    'set_.source_Tensor': () => [real(3), real(12)],
    'set_.source_Tensor_storage_offset': () => [real(3), real(12), 0, [3, 4], [4, 1]],
    resize_: () => [real(12), [3, 4]],
    unfold: () => [real(3, 6), 1, 3, 2],
    im2col: () => [real(1, 2, 5, 5), [3, 3], [1, 1], [0, 0], [1, 1]],
    col2im: () => [real(1, 18, 9), [5, 5], [3, 3], [1, 1], [0, 0], [1, 1]],
    lu_unpack: lu,
    linalg_lu_solve: () => [...lu(), real(3, 2)],
    lu_solve: () => [real(3, 2), ...lu()],
    linalg_ldl_solve: () => [...ldl(), real(3, 2)],
    linalg_eigvals: () => [square()],
    linalg_eig: () => [square()],
    linalg_eigvalsh: () => [square()],
    linalg_svd: () => [real(3, 4)],
    linalg_lstsq: () => [real(4, 3), real(4, 2), null],
    linalg_qr: () => [real(3, 4)],
    linalg_householder_product: () => [real(4, 3), real(3)],
    orgqr: () => [real(4, 3), real(3)],
    ormqr: () => [real(4, 3), real(3), real(4, 2)],
    linalg_solve_triangular: () => [square(), real(3, 2), { upper: true }],
    triangular_solve: () => [real(3, 2), square()],
    cholesky_inverse: () => [square()],
    cholesky_solve: () => [real(3, 2), square()],
    convolution: () => [...conv(2), false, [0, 0], 1],
    convolution_backward: () => [
      real(1, 3, 3, 3),
      ...conv(2).slice(0, 2),
      [3],
      [1, 1],
      [0, 0],
      [1, 1],
      false,
      [0, 0],
      1,
      [true, true, true],
    ],
    conv1d: () => conv(1),
    conv2d: () => conv(2),
    conv3d: () => conv(3),
    conv_transpose2d: () => [real(1, 2, 4, 4), real(2, 3, 3, 3), real(3), [2, 2], [1, 1], [1, 1], 1, [1, 1]],
    slow_conv_transpose2d: () => [real(1, 2, 4, 4), real(2, 3, 3, 3), [3, 3], real(3), [2, 2], [1, 1], [1, 1], [1, 1]],
    slow_conv_transpose3d: () => [
      real(1, 2, 4, 4, 4),
      real(2, 3, 3, 3, 3),
      [3, 3, 3],
      real(3),
      [2, 2, 2],
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ],
    slow_conv_dilated2d: () => [real(1, 2, 5, 5), real(3, 2, 2, 2), [2, 2], real(3), [1, 1], [0, 0], [2, 2]],
    thnn_conv2d: () => [real(1, 2, 5, 5), real(3, 2, 3, 3), [3, 3], real(3), [1, 1], [0, 0]],
    conv_tbc: () => [real(5, 2, 3), real(2, 3, 4), real(4), 0],
    conv_tbc_backward: () => [real(4, 2, 4), real(5, 2, 3), real(2, 3, 4), real(4), 0],
    bilinear: () => [real(2, 3), real(2, 4), real(5, 3, 4), real(5)],
    cdist: () => [real(3, 4), real(2, 4), 2],
    pdist: () => [real(3, 4), 2],
    sparse_coo_tensor: () => [int([2, 4], 3), real(4), [3, 3]],
    'sparse_coo_tensor.indices_size': () => [int([2, 4], 3), real(4), [3, 3]],
    'sparse_csr_tensor.crow_col_value_size': () => [list([0, 2, 2, 3]), list([0, 2, 1]), real(3), [3, 4]],
    coalesce: () => [sparse()],
    to_sparse_bsr: () => [real(4, 4), [2, 2]],
    to_sparse_bsc: () => [real(4, 4), [2, 2]],
    to_sparse_csc: () => [real(4, 4)],
    nonzero_static: () => [real(3, 4).gt(0), { size: 1 + below(20) }],
    tensor_split: () => [real(6, 2), list([1, 3]), 0],
    'tensor_split.tensor_indices_or_sections': () => [real(6, 2), list([1, 3]), 0],
    to_dense: () => [draw() < 0.5 ? sparse() : compressed()],
    sparse_mask: () => [real(3, 4), sparse()],
    hspmm: () => [sparse(), real(4, 2)],
    smm: () => [sparse(), real(4, 2)],
    sspaddmm: () => [ops.to_sparse(real(3, 2)), sparse(), real(4, 2)],
    sparse_sampled_addmm: () => [compressed(), real(3, 2), real(2, 4)],
    sparse_resize_: () => [sparse(), [3, 4], 2, 0],
    sparse_resize_and_clear_: () => [sparse(), [3, 4], 2, 0],
    addmm: () => [real(3, 2), draw() < 0.5 ? sparse() : compressed(), real(4, 2)],
    mm: () => [draw() < 0.5 ? sparse() : compressed(), real(4, 2)],
    'sum.dim_IntList': () => [sparse(), [0]],
    'add.Tensor': () => [sparse(), sparse()],
    'mul.Tensor': () => [sparse(), sparse()],
    cat: () => [[sparse(), sparse()], 0],
    stft: () => [real(32), 8, 4, 8, real(8), false, true, true],
    istft: () => [ops.complex(real(5, 7), real(5, 7)), 8, 4, 8, real(8)],
    fft_irfft: () => [ops.complex(real(5), real(5)), 8],
    rrelu_with_noise: () => [real(3, 4), real(3, 4), 0.1, 0.3, true],
    rrelu_with_noise_backward: () => [real(3, 4), real(3, 4), real(3, 4), 0.1, 0.3, true, false],
    prelu: () => [real(2, 3, 4), real(3)],
    glu_backward: () => [real(2, 2), real(2, 4), 1],
    affine_grid_generator: () => [real(1, 2, 3), [1, 2, 4, 4], false],
    affine_grid_generator_backward: () => [real(1, 4, 4, 2), [1, 2, 4, 4], false],
    smooth_l1_loss_backward: () => [real(3, 4), real(3, 4), real(3, 4), 1, 1],
    mse_loss_backward: () => [real(3, 4), real(3, 4), real(3, 4), 1],
    huber_loss_backward: () => [real(3, 4), real(3, 4), real(3, 4), 1, 1],
    binary_cross_entropy: () => [share(3, 4), share(3, 4), share(4), 1],
    binary_cross_entropy_backward: () => [real(3, 4), share(3, 4), share(3, 4), share(4), 1],
    fake_quantize_per_channel_affine: () => [real(3, 4), share(3), list([0, 1, 2], 'int32'), 0, 0, 255],
    fake_quantize_per_channel_affine_cachemask_backward: () => [real(3, 4), real(3, 4).gt(0)],
    pixel_shuffle: () => [real(1, 4, 2, 2), 2],
    channel_shuffle: () => [real(1, 4, 2, 2), 2],
    native_channel_shuffle: () => [real(1, 4, 2, 2), 2],
    renorm: () => [real(3, 4), 2, 0, 1],
    kthvalue: () => [real(3, 4), 2, 1],
    topk: () => [real(3, 4), 2, 1],
    'median.dim': () => [real(3, 4), 1],
    mode: () => [real(3, 4), 1],
    sort: () => [real(3, 4), 1],
    quantile: () => [real(3, 4), share(2), 1],
    unique_dim: () => [int([4, 3], 3), 0],
    tril_indices: () => [3, 4, 0],
    combinations: () => [real(5), 2, false],
    einsum: () => ['ij,jk->ik', [real(2, 3), real(3, 2)]],
    pad_sequence: () => [[real(2, 3), real(4, 3)], true, 0],
    scaled_dot_product_attention: () => [real(1, 2, 4, 8), real(1, 2, 5, 8), real(1, 2, 5, 8), real(4, 5), 0, false],
    unflatten_dense_tensors: () => [real(12), [real(3), real(9)]],
    'div.Tensor_mode': () => [int([4], 9, -9), int([4], 9, -9), { roundingMode: draw() < 0.5 ? 'floor' : 'trunc' }],
    'remainder.Tensor': () => [int([4], 9, -9), int([4], 9, -9)],
    'fmod.Tensor': () => [int([4], 9, -9), int([4], 9, -9)],
    floor_divide: () => [int([4], 9, -9), int([4], 9, -9)],
    lcm: () => [int([4], 9, -9), int([4], 9, -9)],
    gcd: () => [int([4], 9, -9), int([4], 9, -9)],
  };
};

const WILD = [-1, -2, 1, 7, 100, -100, 65536, 2 ** 31, -(2 ** 31), 2 ** 40, -(2 ** 40), 2 ** 53, -(2 ** 63)];
const FRACTIONS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, -1e30, 1e-30, -1, 0, 2];

const spoilTensor = (draw, tensor) => {
  const pick = (values) => values[Math.floor(draw() * values.length)];
  const place = draw();
  const shape = tensor.shape;
  if (place < 0.45 && tensor.numel > 0) {
    // One or all values.
    const isReal = tensor.dtype.startsWith('float');
    const changed = tensor.contiguous().clone();
    const all = draw() < 0.3;
    const value = () => pick(isReal ? FRACTIONS : WILD);
    const values = changed.reshape([-1]).to('float64').toArray();
    if (all) values.fill(value());
    else values[Math.floor(draw() * values.length)] = value();
    return fromData(Float64Array.from(values), shape).to(tensor.dtype);
  }
  if (place < 0.75 && shape.length > 0) {
    // Another length: one row less or more, none, many.
    const dim = Math.floor(draw() * shape.length);
    const size = shape[dim];
    const wanted = Math.max(0, pick([size - 1, size + 1, 0, 1, size * 3]));
    if (wanted <= size) return tensor.narrow(dim, 0, wanted).clone();
    const rows = Array.from({ length: Math.ceil(wanted / Math.max(1, size)) }, () => tensor);
    return ops.narrow(ops.cat(rows, dim), dim, 0, Math.min(wanted, rows.length * size));
  }
  if (place < 0.82) return tensor.unsqueeze(0);
  if (place < 0.88 && shape.length > 0) return tensor.select(0, 0);
  if (place < 0.94) return tensor.to(pick(['int64', 'int32', 'float64', 'uint8', 'bool', 'float16']));
  return shape.length >= 2 ? tensor.transpose(0, 1) : tensor;
};

/** Spoils one value of an argument. */
export const spoil = (draw, value) => {
  const pick = (values) => values[Math.floor(draw() * values.length)];
  if (value === null) return draw() < 0.5 ? pick(FRACTIONS) : null;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return draw() < 0.7 ? pick(WILD) : pick(FRACTIONS);
  if (typeof value === 'string') return pick(['', 'sum', 'mean', 'max', 'min', 'prod', 'none', 'x'.repeat(200)]);
  if (Array.isArray(value)) {
    const changed = [...value];
    const at = Math.floor(draw() * changed.length);
    const form = draw();
    if (changed.length === 0 || form < 0.1) return [...changed, ...changed];
    if (form < 0.2) return changed.slice(0, -1);
    changed[at] = spoil(draw, changed[at]);
    return changed;
  }
  if (typeof value === 'object' && !('shape' in value)) return value;
  try {
    return spoilTensor(draw, value);
  } catch {
    return value;
  }
};
