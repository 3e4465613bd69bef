/**
 * Operators of `aten` that are methods of Tensor, by their names in the dispatcher. The method has the name in
 * camelCase, and takes the operator's other arguments in the same order and by the same names. A plain script, as
 * set-up reads it before TypeScript is compiled. Methods written by hand in tensor.ts are not listed.
 */
const elementwise =
  'acos acosh angle asin asinh atan atan2 atanh bitwise_and bitwise_left_shift bitwise_not bitwise_or ' +
  'bitwise_right_shift bitwise_xor ceil clamp_max clamp_min clip conj copysign cos cosh deg2rad digamma erf erfc ' +
  'erfinv exp2 expm1 fix float_power floor floor_divide fmax fmin fmod frac gcd heaviside hypot i0 isclose isfinite ' +
  'isinf isnan isneginf isposinf isreal lcm ldexp lerp lgamma log10 log1p log2 logaddexp logaddexp2 log_softmax ' +
  'logical_and logical_not logical_or logical_xor logit maximum minimum mvlgamma nan_to_num nextafter polygamma ' +
  'positive rad2deg reciprocal remainder round rsqrt rsub sgn sign signbit sin sinc sinh softmax square tan ' +
  'true_divide trunc xlogy addcdiv addcmul';

const everyday =
  'add sub mul div pow eq ne lt le gt ge neg abs exp log sqrt relu sigmoid tanh t detach clone contiguous matmul mm ' +
  'clamp argmax flatten squeeze unsqueeze transpose select narrow add_ sub_ mul_ div_ zero_ fill_ copy_ sum mean';

const reductions =
  'all amax amin aminmax any argmin argsort bincount corrcoef count_nonzero cov cummax cummin cumprod cumsum diff ' +
  'histc kthvalue logcumsumexp logsumexp median mode msort nanmean nanmedian nanquantile nansum norm prod quantile ' +
  'renorm sort std topk trace var';

const shapes =
  'adjoint chunk diag diag_embed diagflat diagonal expand_as flip fliplr flipud hsplit moveaxis movedim ravel repeat ' +
  'repeat_interleave reshape_as roll rot90 split split_with_sizes swapaxes swapdims tensor_split tile tril triu ' +
  'unbind unflatten unfold view_as vsplit';

const indexing =
  'argwhere gather index_add index_copy index_fill index_put index_select masked_fill masked_scatter masked_select ' +
  'nonzero put scatter scatter_add scatter_reduce take take_along_dim where';

const products =
  'addbmm addmm addmv addr baddbmm bmm cholesky cross det dot ger inner inverse kron logdet matrix_exp matrix_power ' +
  'mv outer pinverse slogdet vdot';

const made = 'new_empty new_full new_ones new_zeros type_as is_same_size is_nonzero is_floating_point is_complex';

const inPlace =
  'abs_ acos_ addbmm_ addcdiv_ addcmul_ addmm_ addmv_ addr_ asin_ atan_ atan2_ baddbmm_ bernoulli_ bitwise_and_ ' +
  'bitwise_not_ bitwise_or_ bitwise_xor_ cauchy_ ceil_ clamp_ clamp_max_ clamp_min_ clip_ copysign_ cos_ cosh_ ' +
  'cumprod_ cumsum_ detach_ eq_ erf_ erfc_ erfinv_ exp_ exp2_ expm1_ exponential_ fill_diagonal_ float_power_ ' +
  'floor_ floor_divide_ fmod_ frac_ ge_ geometric_ gt_ hypot_ index_add_ index_copy_ index_fill_ index_put_ le_ ' +
  'lerp_ log_ log10_ log1p_ log2_ log_normal_ logical_and_ logical_not_ logical_or_ logical_xor_ logit_ lt_ ' +
  'masked_fill_ masked_scatter_ nan_to_num_ ne_ neg_ normal_ pow_ put_ random_ reciprocal_ relu_ remainder_ renorm_ ' +
  'round_ rsqrt_ scatter_ scatter_add_ scatter_reduce_ sgn_ sigmoid_ sign_ sin_ sinh_ sqrt_ square_ squeeze_ ' +
  'swapaxes_ swapdims_ t_ tan_ tanh_ transpose_ tril_ triu_ trunc_ uniform_ unsqueeze_ xlogy_';

const bernoulli = 'bernoulli multinomial';

export const methodNames = Object.freeze(
  [everyday, elementwise, reductions, shapes, indexing, products, made, inPlace, bernoulli].join(' ').split(' ').sort(),
);

/** Methods whose only argument is a list, which can be spread: `x.repeat(2, 3)`. */
export const spreadMethods = Object.freeze(['flip', 'repeat', 'tile']);

/**
 * Methods of one signature of an operator, where calls would fit several: `std(dim)` has two, of the same meaning.
 * @type {Readonly<Record<string, string>>}
 */
export const operatorNames = Object.freeze({ std: 'std.correction', var: 'var.correction' });

/**
 * Operators whose Tensor is not their first argument, with its place.
 * @type {Readonly<Record<string, number>>}
 */
export const selfPlaces = Object.freeze({ polygamma: 1, where: 1 });

/** Methods by the dtype of their results, for the types: that of the tensor, or one that the name implies. */
export const resultDTypes = Object.freeze({
  bool: (
    'all any eq ge gt isclose isfinite isinf isnan isneginf isposinf isreal le logical_and logical_not logical_or ' +
    'logical_xor lt ne signbit'
  ).split(' '),
  int64: 'argmax argmin argsort argwhere bincount count_nonzero nonzero'.split(' '),
  same: (
    'clone contiguous detach narrow neg select ' +
    'adjoint chunk diag diag_embed diagflat diagonal expand_as flatten flip fliplr flipud hsplit moveaxis movedim ' +
    'ravel repeat repeat_interleave reshape_as roll rot90 split split_with_sizes squeeze swapaxes swapdims t ' +
    'tensor_split tile transpose tril triu unbind unflatten unfold unsqueeze view_as vsplit gather index_add ' +
    'index_copy index_fill index_put index_select masked_fill masked_scatter masked_select put relu scatter ' +
    'scatter_add scatter_reduce take take_along_dim amax amin'
  ).split(' '),
  withPositions: 'cummax cummin kthvalue median mode nanmedian sort topk'.split(' '),
});
