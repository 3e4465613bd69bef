"""Writes ../operators.json: what torch 2.11.0 makes of some 400 operators, for test/native/torch/operators.test.ts.

A case is [operator, arguments, keyword arguments, results, gradients where there are any]. A tensor argument is a recipe that both sides fill in the same way
({"t": shape, "d": dtype, "r": [low, high], "l": layout, "s": seed}; left out: float64, [-2, 2], contiguous), so that only results are kept, of large ones a few values and two sums.
"""

import json
import pathlib

import torch

torch.set_num_threads(1)
DTYPES = ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32', 'int64', 'bool']
DIGITS = {torch.float64: 11, torch.float32: 7, torch.float16: 5, torch.bfloat16: 4}
# c10::ScalarType, by which torch.ops answers where a result is a dtype.
SCALAR_TYPES = {0: 'uint8', 1: 'int8', 2: 'int16', 3: 'int32', 4: 'int64', 5: 'float16', 6: 'float32', 7: 'float64', 11: 'bool', 15: 'bfloat16'}
cases = []
seed = 0


def T(*shape, d='float64', r=(-2, 2), l='c', s=None):
    """A tensor recipe. Layouts: c contiguous, t last two dimensions swapped in memory, s every second of the last dimension, n channels last."""
    global seed
    seed += 1
    recipe = {'t': list(shape), 's': s if s is not None else seed % 97}
    if d != 'float64':
        recipe['d'] = d
    if list(r) != [-2, 2]:
        recipe['r'] = list(r)
    if l != 'c':
        recipe['l'] = l
    return recipe


def fill(count, low, high, number):
    """The same in TypeScript: a multiplicative hash of the position, spread over the range."""
    values = [((i + 1) * 40503 + number * 9176) & 0xFFFF for i in range(count)]
    return torch.tensor([low + (high - low) * ((k + 0.5) / 65536) for k in values], dtype=torch.float64)


def make(recipe):
    shape, layout, dtype = list(recipe['t']), recipe.get('l', 'c'), recipe.get('d', 'float64')
    if layout == 't':
        shape[-1], shape[-2] = shape[-2], shape[-1]
    if layout == 's':
        shape[-1] *= 2
    count = 1
    for size in shape:
        count *= size
    low, high = recipe.get('r', [-2, 2])
    values = fill(count, low, high, recipe['s']).reshape(shape)
    if dtype == 'bool':
        values = values > (low + high) / 2
    elif 'int' in dtype:
        values = values.floor()
    tensor = values.to(getattr(torch, dtype))
    if layout == 't':
        tensor = tensor.transpose(-1, -2)
    if layout == 's':
        tensor = tensor[..., ::2]
    if layout == 'n':
        tensor = tensor.contiguous(memory_format=torch.channels_last)
    return tensor


def argument(value, made, grad):
    if isinstance(value, dict) and 't' in value:
        tensor = make(value)
        if grad and tensor.is_floating_point():
            tensor.requires_grad_()
        made.append(tensor)
        return tensor
    if isinstance(value, dict) and 'M' in value:
        return getattr(torch, value['M'])
    if isinstance(value, dict) and 'D' in value:
        return getattr(torch, value['D'])
    if isinstance(value, list):
        return [argument(item, made, grad) for item in value]
    return value


def number(value, dtype):
    if dtype in DIGITS:
        return str(value) if value != value or value in (float('inf'), float('-inf')) else float(f'{value:.{DIGITS[dtype]}g}')
    return value


def print_of(result):
    """[shape, dtype, values, strides where not contiguous] of a tensor, a value as it is."""
    if result is None or isinstance(result, (bool, int, float, str)):
        return result
    if isinstance(result, torch.dtype):
        return str(result).removeprefix('torch.')
    if isinstance(result, (tuple, list)):
        return {'many': [print_of(item) for item in result]}
    if result.is_complex():
        result = torch.view_as_real(result)
    if result._is_zerotensor():
        result = torch.zeros(result.shape, dtype=result.dtype)
    flat = result.detach().resolve_neg().reshape(-1)
    shown = flat if flat.numel() <= 6 else torch.cat([flat[:3], flat[-2:]])
    values = [number(value, result.dtype) for value in shown.tolist()]
    if flat.numel() > 6:
        wide = flat.to(torch.float64)
        weights = fill(flat.numel(), 0.5, 1.5, 5)
        values.append(number((wide * weights).sum().item(), torch.float64 if result.dtype == torch.float64 else torch.float32))
    printed = [list(result.shape), str(result.dtype).removeprefix('torch.'), values]
    return printed if result.is_contiguous() else [*printed, list(result.stride())]


def case(name, *arguments, grad=False, **named):
    """Runs it and keeps it. What Python refuses is kept as a refusal."""
    made = []
    operator = getattr(torch.ops.aten, name)
    given = [argument(value, made, grad) for value in arguments]
    given_named = {key: argument(value, made, grad) for key, value in named.items()}
    try:
        results = operator(*given, **given_named)
        if name == 'result_type' and isinstance(results, int):
            results = SCALAR_TYPES[results]
        gradients = []
        if grad:
            outputs = [results] if isinstance(results, torch.Tensor) else [r for r in results if isinstance(r, torch.Tensor)]
            outputs = [output for output in outputs if output.requires_grad]
            assert outputs, name
            loss = sum((output * fill(output.numel(), 0.5, 1.5, 7).reshape(output.shape).to(output.dtype)).sum() for output in outputs)
            leaves = [tensor for tensor in made if tensor.requires_grad]
            gradients = [None if g is None else print_of(g) for g in torch.autograd.grad(loss, leaves, allow_unused=True)]
        cases.append([name, list(arguments), named, print_of(results), *([gradients] if gradients else [])])
    except (RuntimeError, IndexError, NotImplementedError) as error:
        if grad:
            raise RuntimeError(f'{name}: {error}') from error
        cases.append([name, list(arguments), named, 'refused'])


# Operators of one tensor by element, with the range in which they are defined and smooth enough for gradients.
UNARY = {
    'abs': (-2, 2), 'absolute': (-2, 2), 'acos': (-0.9, 0.9), 'acosh': (1.1, 3), 'angle': (-2, 2), 'arccos': (-0.9, 0.9), 'arccosh': (1.1, 3), 'arcsin': (-0.9, 0.9),
    'arcsinh': (-2, 2), 'arctan': (-2, 2), 'arctanh': (-0.9, 0.9), 'asin': (-0.9, 0.9), 'asinh': (-2, 2), 'atan': (-2, 2), 'atanh': (-0.9, 0.9),
    'ceil': (-2, 2), 'cos': (-2, 2), 'cosh': (-2, 2), 'deg2rad': (-90, 90), 'digamma': (0.5, 3), 'erf': (-2, 2), 'erfc': (-2, 2), 'erfinv': (-0.9, 0.9), 'exp': (-2, 2),
    'exp2': (-2, 2), 'expm1': (-2, 2), 'fix': (-2, 2), 'floor': (-2, 2), 'frac': (-2, 2), 'i0': (-2, 2), 'lgamma': (0.5, 3), 'log': (0.1, 3), 'log10': (0.1, 3),
    'log1p': (-0.5, 2), 'log2': (0.1, 3), 'logit': (0.1, 0.9), 'neg': (-2, 2), 'negative': (-2, 2), 'positive': (-2, 2), 'rad2deg': (-2, 2), 'reciprocal': (0.5, 2),
    'round': (-2, 2), 'rsqrt': (0.5, 2), 'sigmoid': (-2, 2), 'sign': (-2, 2), 'sgn': (-2, 2), 'sin': (-2, 2), 'sinc': (0.2, 2), 'sinh': (-2, 2),
    'special_entr': (0.1, 2), 'special_erfcx': (-1, 2), 'special_expit': (-2, 2), 'special_i0e': (-2, 2), 'special_i1': (-2, 2), 'special_i1e': (-2, 2),
    'special_log_ndtr': (-2, 2), 'special_ndtri': (0.1, 0.9), 'special_ndtr': (-2, 2), 'special_psi': (0.5, 3), 'sqrt': (0.1, 3), 'square': (-2, 2), 'tan': (-1, 1), 'tanh': (-2, 2), 'trunc': (-2, 2),
    'relu': (-2, 2), 'relu6': (-2, 8), 'selu': (-2, 2), 'silu': (-2, 2), 'mish': (-2, 2), 'hardswish': (-4, 4), 'hardsigmoid': (-4, 4), 'log_sigmoid': (-2, 2),
    'elu': (-2, 2), 'celu': (-2, 2), 'gelu': (-2, 2), 'softplus': (-2, 2), 'leaky_relu': (-2, 2), 'hardtanh': (-2, 2), 'hardshrink': (-2, 2), 'softshrink': (-2, 2),
    'nan_to_num': (-2, 2), 'clone': (-2, 2), 'detach_copy': (-2, 2), 'alias': (-2, 2), 'contiguous': (-2, 2),
}
FLAT = {'detach_copy'}
# Only with integers and booleans as well.
UNARY_PLAIN = ['isfinite', 'isinf', 'isnan', 'isneginf', 'isposinf', 'isreal', 'signbit', 'logical_not', 'bitwise_not', 'zeros_like', 'ones_like', 'nonzero', 'count_nonzero',
               'argsort', 'special_bessel_j0', 'special_bessel_j1', 'special_bessel_y0', 'special_airy_ai', 'special_modified_bessel_i0', 'is_floating_point', 'is_complex', 'is_signed', 'sym_numel', 'is_nonzero']
for name, bounds in UNARY.items():
    smooth = name not in FLAT
    case(name, T(2, 3, r=bounds), grad=smooth)
    case(name, T(3, 4, r=bounds, l='t'), grad=smooth)
    case(name, T(2, 2, 3, 2, d='float32', r=bounds, l='n'))
    case(name, T(2, 4, d='float32', r=bounds, l='s'))
    case(name, T(r=bounds), grad=smooth)
    case(name, T(0, 3, d='float32'))
    for dtype in DTYPES:
        case(name, T(3, d=dtype, r=bounds if 'float' in dtype else (0, 2) if dtype in ('uint8', 'bool') else (-3, 3)))
for name in UNARY_PLAIN:
    for dtype in DTYPES:
        case(name, T(2, 3, d=dtype, r=(0, 4), l='t') if name != 'is_nonzero' else T(1, d=dtype, r=(0, 4)))
    if name != 'is_nonzero':
        case(name, T(0, d='float32'))
        case(name, T(d='float32'))

# Of two tensors by element: broadcasting, promotion, wrapped numbers.
BINARY = {
    'add': True, 'sub': True, 'mul': True, 'div': True, 'true_divide': True, 'divide': True, 'multiply': True, 'subtract': True, 'atan2': True, 'arctan2': True, 'pow': True, 'fmax': True, 'fmin': True,
    'maximum': True, 'minimum': True, 'hypot': True, 'logaddexp': True, 'logaddexp2': True, 'copysign': True, 'xlogy': True, 'special_xlog1py': True, 'fmod': True, 'remainder': True, 'floor_divide': False, 'nextafter': False,
    'eq': False, 'ne': False, 'lt': False, 'le': False, 'gt': False, 'ge': False, 'greater': False, 'less': False, 'not_equal': False, 'less_equal': False, 'greater_equal': False, 'heaviside': False,
    'logical_and': False, 'logical_or': False, 'logical_xor': False, 'bitwise_and': False, 'bitwise_or': False, 'bitwise_xor': False, 'bitwise_left_shift': False, 'bitwise_right_shift': False,
    'gcd': False, 'lcm': False, 'isclose': False, 'special_zeta': False, 'rsub': True, 'float_power': True, 'dist': True, 'mse_loss': True, 'l1_loss': True, 'smooth_l1_loss': True, 'huber_loss': True, 'polar': False,
    'equal': False, 'allclose': False, 'is_same_size': False, 'result_type': False, 'can_cast': False, '__and__': False, '__or__': False, '__xor__': False, '__lshift__': False,
}
NUMBER = {'add', 'sub', 'mul', 'div', 'true_divide', 'divide', 'multiply', 'subtract', 'pow', 'fmod', 'remainder', 'floor_divide', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'greater', 'less', 'not_equal', 'less_equal',
          'greater_equal', 'bitwise_and', 'bitwise_or', 'bitwise_xor', 'bitwise_left_shift', 'bitwise_right_shift', 'copysign', 'xlogy', 'rsub', 'float_power', 'result_type'}
PAIRS = [('float32', 'float64'), ('float16', 'float32'), ('bfloat16', 'float16'), ('int8', 'uint8'), ('int64', 'float16'), ('bool', 'int16'), ('int32', 'int64'), ('bool', 'bool'), ('uint8', 'uint8'), ('float32', 'bool')]
for name, smooth in BINARY.items():
    if name.startswith('__') or name == 'can_cast':
        continue
    case(name, T(2, 3, r=(0.5, 2)), T(2, 3, r=(0.6, 3)), grad=smooth)
    case(name, T(2, 3, d='float32', r=(0.5, 2)), T(3, d='float32', r=(1, 3)))
    if name not in ('mse_loss', 'l1_loss', 'smooth_l1_loss', 'huber_loss', 'allclose'):
        case(name, T(2, 1, 3, r=(0.5, 2)), T(4, 1, r=(0.6, 3)), grad=smooth)
        case(name, T(3, 2, r=(0.5, 2), l='t'), T(r=(0.6, 3)), grad=smooth)
    case(name, T(0, 3, d='float32'), T(3, d='float32'))
    for left, right in PAIRS:
        case(name, T(4, d=left, r=(0, 4)), T(4, d=right, r=(1, 4)))
    if name in NUMBER:
        for dtype in ('float32', 'float16', 'uint8', 'int64', 'bool'):
            for value in (2, 0.5, True):
                case(name, T(3, d=dtype, r=(0, 4)), value)
case('add', T(3, d='int32'), T(3, d='int32'), alpha=3)
case('add', T(2, 3), T(3), alpha=0.5, grad=True)
case('sub', T(3, d='uint8', r=(4, 9)), T(3, d='uint8', r=(0, 3)), alpha=2)
case('div', T(4), T(4, r=(0.5, 2)), rounding_mode='floor')
case('div', T(4, d='int32', r=(-9, 9)), T(4, d='int32', r=(1, 4)), rounding_mode='trunc')
case('clamp', T(6), -0.5, 0.5, grad=True)
case('clamp', T(6, d='int64', r=(-9, 9)), None, 3)
case('clamp', T(2, 3), T(3, r=(-1, 0)), T(3, r=(0, 1)), grad=True)
case('clamp_min', T(6), -0.5, grad=True)
case('clamp_max', T(6), 0.5, grad=True)
case('clip', T(6), -0.5, None)
case('lerp', T(2, 3), T(2, 3), 0.25, grad=True)
case('lerp', T(2, 3), T(3), T(2, 1), grad=True)
case('addcmul', T(2, 3), T(3), T(2, 1), value=0.5, grad=True)
case('addcdiv', T(2, 3), T(3), T(2, 1, r=(1, 2)), value=0.5, grad=True)
case('where', T(2, 3, d='bool'), T(2, 3), T(3), grad=True)
case('where', T(2, 3, d='bool'), T(2, 3, d='float32'), 0.5)
case('where', T(3, d='bool'), T(3, d='int64', r=(0, 5)), 2)
case('masked_fill', T(2, 3), T(2, 3, d='bool'), -1, grad=True)
case('masked_fill', T(2, 3, d='int32'), T(3, d='bool'), 7)
case('masked_select', T(2, 3), T(2, 3, d='bool'), grad=True)
case('masked_scatter', T(2, 3), T(2, 3, d='bool'), T(6), grad=True)
case('prelu', T(2, 3), T(3), grad=True)
case('threshold', T(2, 3), 0.1, 0.5, grad=True)
case('glu', T(2, 4), 1, grad=True)
case('ldexp', T(3), T(3), grad=True)
case('frexp', T(4))
case('logical_and', T(3), T(3, d='bool'))
case('polygamma', 1, T(3, r=(0.5, 3)), grad=True)
case('special_multigammaln', T(3, r=(3, 5)), 2, grad=True)
case('mvlgamma', T(3, r=(3, 5)), 2)
case('igamma', T(3, r=(0.5, 3)), T(3, r=(0.5, 3)))
case('igammac', T(3, r=(0.5, 3)), T(3, r=(0.5, 3)))
case('nan_to_num', T(3), 0.5, 1, -1, grad=True)
case('rrelu', T(2, 3), 0.1, 0.3, False)

# Over dimensions.
REDUCE = ['sum', 'mean', 'prod', 'amax', 'amin', 'logsumexp', 'std', 'var', 'norm', 'nansum', 'nanmean', 'median', 'nanmedian', 'mode', 'max', 'min', 'argmax', 'argmin', 'all', 'any', 'cumsum', 'cumprod', 'cummax', 'cummin',
          'logcumsumexp', 'softmax', 'log_softmax', 'sort', 'aminmax', 'std_mean', 'var_mean']
for name in REDUCE:
    whole = name not in ('amax', 'amin', 'logsumexp', 'mode', 'cumsum', 'cumprod', 'cummax', 'cummin', 'logcumsumexp', 'softmax', 'log_softmax', 'sort', 'nansum', 'aminmax')
    smooth = name not in ('argmax', 'argmin', 'all', 'any')
    dims = {'norm': lambda d: (2, [d]), 'nansum': lambda d: ([d],), 'sum': lambda d: ([d],), 'mean': lambda d: ([d],), 'nanmean': lambda d: ([d],), 'amax': lambda d: ([d],), 'amin': lambda d: ([d],), 'logsumexp': lambda d: ([d],),
            'std': lambda d: ([d],), 'var': lambda d: ([d],), 'std_mean': lambda d: ([d],), 'var_mean': lambda d: ([d],)}.get(name, lambda d: (d,))
    if name == 'aminmax':
        case(name, T(2, 3, l='t'))
        case(name, T(2, 3, l='t'), dim=1, keepdim=True)
        continue
    for dtype in DTYPES:
        case(name, T(2, 3, d=dtype, r=(0, 3)), *dims(0))
    case(name, T(3, 2, 4, l='t'), *dims(-1), grad=smooth)
    case(name, T(2, 2, 3, 2, d='float32', l='n'), *dims(1))
    case(name, T(d='float64'), *dims(0))
    case(name, T(2, 0, d='float32'), *dims(1))
    if whole:
        case(name, T(3, 4, l='t'), grad=smooth)
        case(name, T(5, d='float32'))
        case(name, T(0, d='float32'))
case('sum', T(2, 3, 4), [0, 2], True, grad=True)
case('sum', T(2, 3, d='uint8', r=(100, 255)))
case('sum', T(2, 3, d='bool'), [1], keepdim=True)
case('sum', T(2, 3, d='int32'), [1], dtype={'D': 'float64'})
case('mean', T(2, 3, d='int64'), [1], dtype={'D': 'float32'})
case('mean', T(2, 3, 4), [0, 2], keepdim=True, grad=True)
case('std', T(2, 5), [1], correction=0, grad=True)
case('var', T(2, 5), [1], correction=2, keepdim=True, grad=True)
case('amax', T(2, 3, 4), [0, 2], True, grad=True)
case('max', T(2, 3), T(2, 3), grad=True)
case('quantile', T(6), 0.3, interpolation='linear')
case('nanquantile', T(6), 0.3, interpolation='linear')
case('histc', T(20, d='float32'), 5, -2, 2)
case('bincount', T(9, d='int64', r=(0, 5)))
case('topk', T(2, 7), 3, grad=True)
case('kthvalue', T(2, 7), 3, 1, grad=True)
case('msort', T(4, 3), grad=True)
case('sort', T(2, 5), 1, True, grad=True)
case('argsort', T(2, 5), 1, True)
case('searchsorted', T(4, r=(0, 0.0001)), T(5))
case('bucketize', T(5), T(1))
case('cumulative_trapezoid', T(2, 5), dx=0.5, grad=True)
case('trapezoid', T(2, 5), dx=0.5, grad=True)
case('trapz', T(2, 5), dx=0.5)
case('diff', T(2, 5), grad=True)
case('diff', T(2, 5), 2, 0)
case('renorm', T(3, 4), 2, 0, 1, grad=True)
case('cov', T(3, 5), grad=True)
case('corrcoef', T(3, 5), grad=True)
case('linalg_vector_norm', T(3, 4), 3, [1], grad=True)
case('linalg_vector_norm', T(3, 4, d='float32'), keepdim=True)
case('linalg_norm', T(3, 4), 2, [1])
case('cdist', T(3, 4), T(2, 4), 2, grad=True)
case('pdist', T(4, 3), 2, grad=True)
case('pairwise_distance', T(3, 4), T(3, 4), 2, grad=True)
case('cosine_similarity', T(3, 4), T(3, 4), 1, grad=True)
case('unique_dim', T(5, 2, d='int64', r=(0, 2)), 0)
case('unique_consecutive', T(8, d='int64', r=(0, 2)), True, True)

# Shapes, views, copies.
for l in 'ct':
    case('reshape', T(2, 6, l=l), [3, -1], grad=True)
    case('flatten', T(2, 3, 2, l=l), 1, -1, grad=True)
    case('permute', T(2, 3, 4, l=l), [2, 0, 1], grad=True)
    case('transpose', T(2, 3, 4, l=l), 0, -1, grad=True)
    case('unsqueeze', T(2, 3, l=l), -2, grad=True)
    case('squeeze', T(2, 1, 3, l=l), 1, grad=True)
    case('squeeze', T(2, 1, 3, 1, l=l), [1, 3])
    case('slice', T(5, 4, l=l), 0, 1, -1, 2, grad=True)
    case('select', T(5, 4, l=l), 1, -2, grad=True)
    case('narrow', T(5, 4, l=l), 0, 1, 3, grad=True)
    case('flip', T(3, 4, l=l), [0, 1], grad=True)
    case('roll', T(3, 4, l=l), [1, -2], [0, 1], grad=True)
    case('rot90', T(3, 4, l=l), 1, [0, 1], grad=True)
    case('tril', T(4, 4, l=l), -1, grad=True)
    case('triu', T(2, 4, 4, l=l), 1, grad=True)
    case('diagonal', T(3, 4, l=l), 1, grad=True)
    case('unfold', T(3, 6, l=l), 1, 3, 2, grad=True)
    case('repeat', T(2, 3, l=l), [2, 1, 2], grad=True)
    case('tile', T(2, 3, l=l), [2], grad=True)
    case('split', T(6, 2, l=l), 4, grad=True)
    case('split_with_sizes', T(6, 2, l=l), [1, 5], 0, grad=True)
    case('chunk', T(5, 4, l=l), 2, 0, grad=True)
    case('unbind', T(2, 3, l=l), 1, grad=True)
    case('movedim', T(2, 3, 4, l=l), [0], [2], grad=True)
    case('clone', T(2, 3, l=l), memory_format={'M': 'contiguous_format'})
case('view', T(2, 6), [4, 3], grad=True)
case('view', T(3, 4, l='t'), [12])
case('view_as', T(2, 6), T(3, 4))
case('reshape_as', T(2, 6), T(3, 4))
case('expand', T(3, 1), [2, 3, -1], grad=True)
case('expand_as', T(3, 1), T(3, 4))
case('broadcast_to', T(3, 1), [2, 3, 4], grad=True)
case('unflatten', T(2, 6), 1, [3, -1], grad=True)
case('ravel', T(2, 3), grad=True)
case('swapaxes', T(2, 3, 4), 0, 1, grad=True)
case('swapdims', T(2, 3, 4), 0, 2)
case('moveaxis', T(2, 3, 4), [0], [1])
case('adjoint', T(2, 3), grad=True)
case('mT', T(2, 3))
case('numpy_T', T(2, 3))
case('t', T(2, 3), grad=True)
case('as_strided', T(4, 4), [2, 2], [5, 1], 1, grad=True)
case('repeat_interleave', T(2, 3), 2, 1, grad=True)
case('cat', [T(2, 3), T(1, 3)], grad=True)
case('cat', [T(2, 1, d='int32'), T(2, 2, d='float32')], 1)
case('concat', [T(2, 3), T(0, 3)], 0)
case('concatenate', [T(2, 3), T(2, 3)], 1)
case('stack', [T(2, 3), T(2, 3, l='t')], -1, grad=True)
case('hstack', [T(2, 3), T(2, 1)], grad=True)
case('vstack', [T(3), T(2, 3)], grad=True)
case('dstack', [T(2, 3), T(2, 3)])
case('column_stack', [T(3), T(3, 2)])
case('row_stack', [T(3), T(2, 3)])
case('block_diag', [T(2, 3), T(1, 2)], grad=True)
case('cartesian_prod', [T(2), T(3)], grad=True)
case('combinations', T(4), 2, grad=True)
case('meshgrid', [T(2), T(3)], indexing='ij')
case('broadcast_tensors', [T(2, 1), T(3)])
case('atleast_1d', T())
case('atleast_2d', T(3))
case('atleast_3d', T(2, 3))
case('hsplit', T(2, 4), 2)
case('vsplit', T(4, 2), 2)
case('dsplit', T(2, 2, 4), 2)
case('tensor_split', T(7, 2), 3, 0)
case('fliplr', T(2, 3), grad=True)
case('flipud', T(2, 3), grad=True)
case('diag', T(3), 1, grad=True)
case('diag', T(3, 4), grad=True)
case('diagflat', T(3), grad=True)
case('diag_embed', T(2, 3), grad=True)
case('trace', T(3, 3), grad=True)
case('vander', T(3), 4)
case('kron', T(2, 2), T(2, 3), grad=True)
case('pixel_shuffle', T(1, 4, 2, 3), 2, grad=True)
case('pixel_unshuffle', T(1, 1, 4, 6), 2, grad=True)
case('channel_shuffle', T(1, 4, 2, 2), 2)
case('constant_pad_nd', T(2, 3), [1, 2, 0, 1], 0.5, grad=True)
case('pad', T(2, 3, 4), [1, 1], 'reflect', grad=True)
case('pad', T(2, 3, 4), [1, 1], 'circular', grad=True)
case('reflection_pad1d', T(1, 2, 4), [1, 2], grad=True)
case('reflection_pad2d', T(1, 2, 4, 4), [1, 2, 1, 0], grad=True)
case('replication_pad1d', T(1, 2, 4), [1, 2], grad=True)
case('replication_pad2d', T(1, 2, 4, 4), [1, 2, 1, 0], grad=True)
case('replication_pad3d', T(1, 1, 2, 3, 3), [1, 1, 1, 1, 1, 1], grad=True)
case('im2col', T(1, 2, 4, 4), [2, 2], [1, 1], [0, 0], [1, 1], grad=True)
case('col2im', T(1, 8, 9), [4, 4], [2, 2], [1, 1], [0, 0], [1, 1], grad=True)
for source in DTYPES:
    for target in ('float32', 'int16', 'bool', 'bfloat16'):
        case('to', T(3, d=source, r=(0, 3)), {'D': target})

# Indexing.
for l in 'ct':
    case('index_select', T(4, 3, l=l), 0, T(3, d='int64', r=(0, 4)), grad=True)
    case('gather', T(4, 3, l=l), 0, T(2, 3, d='int64', r=(0, 4)), grad=True)
    case('take', T(4, 3, l=l), T(5, d='int64', r=(0, 12)), grad=True)
    case('take_along_dim', T(4, 3, l=l), T(4, 1, d='int64', r=(0, 3)), 1, grad=True)
    case('index', T(4, 3, l=l), [T(2, d='int64', r=(0, 4))], grad=True)
    case('index', T(4, 3, l=l), [None, T(2, 2, d='int64', r=(-3, 3))], grad=True)
    case('index', T(4, 3, l=l), [T(4, d='bool')])
    case('index_put', T(4, 3, l=l), [T(2, d='int64', r=(0, 4))], T(2, 3), grad=True)
    case('index_put', T(4, 3, l=l), [T(2, d='int64', r=(0, 4))], T(3), True, grad=True)
    case('scatter', T(4, 3, l=l), 0, T(1, 3, d='int64', r=(0, 4)), T(1, 3), grad=True)
    case('scatter', T(4, 3, l=l), 0, T(1, 3, d='int64', r=(0, 4)), 0.5)
    case('scatter_add', T(4, 3, l=l), 0, T(2, 3, d='int64', r=(0, 4)), T(2, 3), grad=True)
    case('scatter_reduce', T(4, 3, l=l), 0, T(2, 3, d='int64', r=(0, 4)), T(2, 3), 'amax', grad=True)
    case('index_add', T(4, 3, l=l), 0, T(2, d='int64', r=(0, 4)), T(2, 3), alpha=0.5, grad=True)
    case('index_copy', T(4, 3, l=l), 0, T(1, d='int64', r=(0, 4)), T(1, 3), grad=True)
    case('index_fill', T(4, 3, l=l), 0, T(2, d='int64', r=(0, 4)), 0.5, grad=True)
    case('index_reduce', T(4, 3, l=l), 0, T(2, d='int64', r=(0, 4)), T(2, 3), 'mean')
    case('put', T(4, 3, l=l), T(1, d='int64', r=(0, 12)), T(1), grad=True)
case('select_scatter', T(3, 4), T(3), 1, 2, grad=True)
case('slice_scatter', T(4, 3), T(2, 3), 0, 1, 3, grad=True)
case('diagonal_scatter', T(3, 3), T(3), grad=True)
case('embedding', T(5, 3), T(2, 2, d='int64', r=(0, 5)), grad=True)
case('one_hot', T(4, d='int64', r=(0, 3)), 3)
case('tril_indices', 3, 3, 0)
case('triu_indices', 3, 4, 1)
case('isin', T(5, d='int64', r=(0, 5)), T(2, d='int64', r=(0, 5)))
case('argwhere', T(2, 3, d='bool'))
case('nonzero_numpy', T(2, 3, d='bool'))
case('nonzero_static', T(2, 3, d='bool'), size=4)
case('flatten_dense_tensors', [T(2, 3), T(2)])

# Made from nothing.
for dtype in DTYPES:
    case('zeros', [2, 3], dtype={'D': dtype})
    case('ones', [3], dtype={'D': dtype})
    case('full', [2], 1, dtype={'D': dtype})
    case('arange', 0, 5, dtype={'D': dtype})
    case('full_like', T(2, d=dtype), 1)
    case('new_zeros', T(2, d=dtype), [3])
    case('new_ones', T(2, d=dtype), [0])
    case('new_full', T(2, d=dtype), [2], 1)
    case('scalar_tensor', 1, dtype={'D': dtype})
    case('eye', 3, dtype={'D': dtype})
case('linspace', -1, 2, 5, dtype={'D': 'float64'})
case('logspace', 0, 2, 3, dtype={'D': 'float64'})
case('eye', 2, 3)
case('hann_window', 5)
case('hamming_window', 5)
case('blackman_window', 5)
case('bartlett_window', 5)
case('kaiser_window', 5)
case('complex', T(2), T(2))
case('fft_fftfreq', 5, 0.5)
case('fft_rfftfreq', 5, 0.5)
case('fft_fftshift', T(5))
case('fft_ifftshift', T(5))

# Products and linear algebra.
for d in ('float64', 'float32', 'bfloat16', 'float16', 'int64', 'bool'):
    g = d == 'float64'
    for l in 'ct':
        case('mm', T(2, 3, d=d, l=l), T(3, 4, d=d), grad=g)
        case('matmul', T(2, 2, 3, d=d, l=l), T(3, d=d), grad=g)
        case('bmm', T(2, 2, 3, d=d), T(2, 3, 2, d=d, l=l), grad=g)
    case('addmm', T(4, d=d), T(2, 3, d=d), T(3, 4, d=d), grad=g)
    case('mv', T(2, 3, d=d), T(3, d=d), grad=g)
    case('dot', T(3, d=d), T(3, d=d), grad=g)
    case('linear', T(2, 3, d=d), T(4, 3, d=d), T(4, d=d), grad=g)
case('mm', T(0, 3), T(3, 2))
case('mm', T(2, 0), T(0, 2))
case('addmm', T(2, 4), T(2, 3), T(3, 4), beta=0.5, alpha=2, grad=True)
case('addmv', T(2), T(2, 3), T(3), beta=0.5, grad=True)
case('addr', T(2, 3), T(2), T(3), alpha=2, grad=True)
case('addbmm', T(2, 2), T(3, 2, 4), T(3, 4, 2), grad=True)
case('baddbmm', T(3, 2, 2), T(3, 2, 4), T(3, 4, 2), alpha=0.5, grad=True)
case('ger', T(2), T(3))
case('outer', T(2), T(3), grad=True)
case('inner', T(2, 3), T(4, 3), grad=True)
case('vdot', T(3), T(3), grad=True)
case('cross', T(2, 3), T(2, 3), grad=True)
case('linalg_cross', T(2, 3), T(2, 3), grad=True)
case('einsum', 'ij,kj->ik', [T(2, 3), T(4, 3)], grad=True)
case('tensordot', T(2, 3, 4), T(4, 3), [1, 2], [1, 0], grad=True)
case('chain_matmul', [T(2, 3), T(3, 2), T(2, 2)], grad=True)
case('linalg_multi_dot', [T(2, 3), T(3, 2), T(2, 2)], grad=True)
case('bilinear', T(2, 3), T(2, 4), T(2, 3, 4), T(2), grad=True)
case('linalg_inv', T(3, 3), grad=True)
case('inverse', T(3, 3))
case('linalg_det', T(3, 3), grad=True)
case('det', T(2, 3, 3))
case('linalg_slogdet', T(3, 3))
case('logdet', T(1, 1, r=(0.5, 2)), grad=True)
case('linalg_solve', T(3, 3), T(3, 2), grad=True)
case('linalg_solve_triangular', T(3, 3, r=(1, 2)), T(3, 2), upper=True, grad=True)
case('triangular_solve', T(3, 2), T(3, 3, r=(1, 2)))
case('linalg_pinv', T(2, 3))
case('linalg_matrix_power', T(3, 3), 3, grad=True)
case('matrix_power', T(3, 3), 2)
case('linalg_matrix_exp', T(2, 2), grad=True)
case('matrix_exp', T(2, 2))
case('linalg_svdvals', T(3, 2), grad=True)
case('linalg_eigvalsh', T(2, 2), grad=True)
case('linalg_matrix_norm', T(3, 3), grad=True)
case('linalg_cond', T(2, 2))
case('linalg_matrix_rank', T(3, 3))
case('linalg_lu_factor', T(3, 3))
case('linalg_vander', T(3), grad=True)
# Not 4 x 4: values of a recipe repeat so that such a matrix is singular but for its rounding, and processors disagree.
case('linalg_tensorinv', T(1, 2, 2), 2)
case('linalg_tensorsolve', T(2, 2, 4), T(2, 2))
case('linalg_diagonal', T(3, 3))
case('linalg_matmul', T(2, 3), T(3, 2))
case('linalg_vecdot', T(2, 3), T(2, 3), grad=True)

# Networks.
for d in ('float64', 'float32', 'bfloat16', 'float16'):
    g = d == 'float64'
    for l in 'cn':
        image = lambda: T(2, 3, 6, 5, d=d, l=l)
        case('conv2d', image(), T(4, 3, 3, 3, d=d), T(4, d=d), [1, 2], [1, 1], grad=g)
        case('conv2d', image(), T(3, 1, 2, 2, d=d), None, [1, 1], [0, 0], [2, 2], 3, grad=g)
        case('max_pool2d', image(), [2, 2], grad=g)
        case("avg_pool2d", image(), [2, 2], [1, 2], [1, 1], grad=g)
        case('adaptive_avg_pool2d', image(), [2, 3], grad=g)
        case('adaptive_max_pool2d', image(), [2, 3], grad=g)
        case('upsample_nearest2d', image(), [7, 8], grad=g)
        case('upsample_bilinear2d', image(), [8, 7], False, grad=g)
        case('group_norm', image(), 3, T(3, d=d), T(3, d=d), grad=g)
        case('instance_norm', image(), None, None, None, None, True, 0.1, 1e-5, False, grad=g)
        case('conv_transpose2d', image(), T(3, 2, 2, 2, d=d), T(2, d=d), [2, 2], grad=g)
    case('batch_norm', T(4, 3, 2, d=d), T(3, d=d), T(3, d=d), T(3, d=d), T(3, d=d, r=(0.5, 1)), False, 0.1, 1e-5, False)
    case('layer_norm', T(2, 3, 4, d=d), [4], T(4, d=d), T(4, d=d), grad=g)
    case('rms_norm', T(2, 3, 4, d=d), [4], T(4, d=d))
    case('nll_loss', T(3, 4, d=d), T(3, d='int64', r=(0, 4)), grad=g)
    case('cross_entropy_loss', T(3, 4, d=d), T(3, d='int64', r=(0, 4)), grad=g)
    case('binary_cross_entropy', T(3, d=d, r=(0.1, 0.9)), T(3, d=d, r=(0, 1)))
    case('binary_cross_entropy_with_logits', T(3, d=d), T(3, d=d, r=(0, 1)))
case('batch_norm', T(4, 3, 2), T(3), T(3), None, None, True, 0.1, 1e-5, False, grad=True)
case('native_layer_norm', T(2, 4), [4], None, None, 1e-5, grad=True)
case('native_group_norm', T(2, 4, 3), None, None, 2, 4, 3, 2, 1e-5, grad=True)
case('conv3d', T(1, 1, 3, 4, 4), T(2, 1, 2, 2, 2), grad=True)
case('conv_transpose1d', T(1, 2, 4), T(2, 3, 2), T(3), grad=True)
case('conv_transpose3d', T(1, 1, 2, 2, 2), T(1, 2, 2, 2, 2), grad=True)
case('conv_tbc', T(4, 2, 3), T(2, 3, 4), T(4), 1, grad=True)
case('convolution', T(1, 2, 4, 4), T(3, 2, 3, 3), None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, grad=True)
case('max_pool1d', T(1, 2, 6), 2, grad=True)
case('max_pool3d', T(1, 1, 4, 4, 4), 2, grad=True)
case('max_pool2d_with_indices', T(1, 2, 4, 4), 2, grad=True)
case('max_unpool2d', T(1, 1, 2, 2), T(1, 1, 2, 2, d='int64', r=(0, 16), s=3), [4, 4], grad=True)
case('avg_pool1d', T(1, 2, 6), [3], grad=True)
case('avg_pool3d', T(1, 1, 4, 4, 4), 2, grad=True)
case('adaptive_avg_pool1d', T(1, 2, 7), 3, grad=True)
case('adaptive_avg_pool3d', T(1, 1, 4, 4, 4), [2, 3, 2], grad=True)
case('adaptive_max_pool1d', T(1, 2, 7), 3, grad=True)
case('upsample_nearest1d', T(1, 2, 4), [6], grad=True)
case('upsample_linear1d', T(1, 2, 4), [6], True, grad=True)
case('upsample_nearest3d', T(1, 1, 2, 2, 2), [3, 4, 3], grad=True)
case('upsample_trilinear3d', T(1, 1, 2, 2, 2), [3, 4, 3], False, grad=True)
case('upsample_bicubic2d', T(1, 1, 4, 4), [5, 6], False, grad=True)
case('affine_grid_generator', T(1, 2, 3), [1, 1, 3, 4], False, grad=True)
case('grid_sampler', T(1, 2, 4, 4), T(1, 3, 3, 2, r=(-1, 1)), 0, 0, False, grad=True)
case('grid_sampler', T(1, 2, 4, 4), T(1, 3, 3, 2, r=(-1, 1)), 1, 1, True)
case('kl_div', T(3), T(3, r=(0.1, 1)), grad=True)
case('soft_margin_loss', T(3), T(3))
case('margin_ranking_loss', T(3), T(3), T(3), grad=True)
case('hinge_embedding_loss', T(3), T(3), grad=True)
case('cosine_embedding_loss', T(2, 3), T(2, 3), T(2, r=(0.9, 1)))
case('triplet_margin_loss', T(2, 3), T(2, 3), T(2, 3), grad=True)
case('poisson_nll_loss', T(3), T(3, r=(0, 3)), True, False, 1e-8, 1, grad=True)
case('multi_margin_loss', T(3, 4), T(3, d='int64', r=(0, 4)), grad=True)
case('multilabel_margin_loss', T(2, 3), T(2, 3, d='int64', r=(0, 3)), grad=True)
case('nll_loss2d', T(1, 3, 2, 2), T(1, 2, 2, d='int64', r=(0, 3)), grad=True)
case('ctc_loss', T(6, 2, 4), T(2, 3, d='int64', r=(1, 4)), [6, 6], [3, 2], grad=True)
case('scaled_dot_product_attention', T(1, 2, 3, 4), T(1, 2, 3, 4), T(1, 2, 3, 4), grad=True)
case('lstm_cell', T(2, 3), [T(2, 4), T(2, 4)], T(16, 3), T(16, 4), grad=True)
case('gru_cell', T(2, 3), T(2, 4), T(12, 3), T(12, 4), grad=True)
case('rnn_tanh_cell', T(2, 3), T(2, 4), T(4, 3), T(4, 4), grad=True)
case('dropout', T(2, 3), 0.5, False, grad=True)
case('alpha_dropout', T(2, 3), 0.5, False)

# In place.
for name, rest in {'add_': (T(3),), 'sub_': (T(3),), 'mul_': (0.5,), 'div_': (T(3, r=(1, 2)),), 'pow_': (2,), 'clamp_': (-1, 1), 'copy_': (T(3, d='float32'),), 'fill_': (2.5,), 'zero_': (), 'neg_': (), 'exp_': (),
                   'relu_': (), 'sigmoid_': (), 'tanh_': (), 'abs_': (), 'sqrt_': (), 'floor_': (), 'ceil_': (), 'round_': (), 'sin_': (), 'cos_': (), 'masked_fill_': (T(2, 3, d='bool'), 0.5), 'lerp_': (T(3), 0.5),
                   'addcmul_': (T(3), T(3)), 'addcdiv_': (T(3), T(3, r=(1, 2))), 'tril_': (), 'triu_': (), 'squeeze_': (), 'unsqueeze_': (0,), 't_': (), 'transpose_': (0, 1), 'index_fill_': (0, T(1, d='int64', r=(0, 2)), 1),
                   'cumsum_': (1,), 'reciprocal_': (), 'sign_': (), 'maximum': (T(3),), 'erf_': (), 'log1p_': (), 'square_': (), 'eq_': (1,), 'logical_not_': ()}.items():
    for l in 'ct':
        case(name, T(2, 3, r=(0.1, 2), l=l), *rest)

names = {entry[0] for entry in cases if entry[3] != 'refused'}
refused = sum(entry[3] == 'refused' for entry in cases)
with_gradients = {entry[0] for entry in cases if len(entry) > 4}
target = pathlib.Path(__file__).parent.parent / 'operators.json'
target.write_text('[\n' + ',\n'.join(json.dumps(entry, separators=(',', ':')) for entry in cases) + '\n]\n')
print(f'{len(names)} operators, {len(with_gradients)} with gradients, {len(cases)} cases ({refused} refused), {target.stat().st_size} bytes')
