"""Writes ../losses.json: losses in float64 for test/native/torch/losses-parity.test.ts (torch 2.11.0, MONAI 1.6.1).

MONAI is no part of the pinned environment: pip install --no-deps --target DIR monai==1.6.1, then PYTHONPATH=DIR.
Its smoothing and empty conventions are set to ours by its own options; where it has no such loss the formula of the paper
is written out here.
"""

import json
import pathlib

import numpy
import torch
from monai.losses import BoundaryLoss, DiceLoss, FocalLoss, GeneralizedDiceLoss, TverskyLoss
from scipy.ndimage import distance_transform_edt

torch.set_default_dtype(torch.float64)
rng = numpy.random.default_rng(7)
B, C, H, W = 4, 1, 6, 5
p = torch.tensor(rng.uniform(0.02, 0.98, (B, C, H, W)).round(6))
y = torch.tensor((rng.uniform(size=(B, C, H, W)) < 0.3).astype(float))
y[2] = 0  # a crop without a nodule
y[3] = 1
p3 = torch.tensor(rng.uniform(0.02, 0.98, (2, 3, H, W)).round(6))
y3 = torch.nn.functional.one_hot(torch.tensor(rng.integers(0, 3, (2, H, W))), 3).permute(0, 3, 1, 2).to(p3.dtype)
y3[1, 2] = 0


class Exact(GeneralizedDiceLoss):
    """MONAI rounds its weights to float32."""

    def w_func(self, grnd):
        pixels = self.pixels
        return torch.reciprocal(pixels * pixels) if self.w_type == 'square' else super().w_func(grnd)

    def forward(self, input, target):
        axes = list(range(2, input.dim()))
        self.pixels = target.sum([0, *axes] if self.batch else axes)
        return super().forward(input, target)


def per_sample(loss):
    return lambda p, y: loss(p, y).flatten(1).mean(1)


def repeated(loss):
    return lambda p, y: loss(p, y).flatten().mean().expand(p.shape[0])


def two(t):
    return torch.cat([t, 1 - t], 1)


def focal_tversky(p, y, alpha, beta, gamma):
    tp, fp, fn = [(t).flatten(1).sum(1) for t in (p * y, p * (1 - y), (1 - p) * y)]
    return (1 - (tp + 1) / (tp + alpha * fp + beta * fn + 1)) ** (1 / gamma)


def dice(p, y, smooth=1):
    return 1 - (2 * (p * y).flatten(1).sum(1) + smooth) / (p.flatten(1).sum(1) + y.flatten(1).sum(1) + smooth)


def fn_weight(p, y, weight):
    return dice(p, y) + weight * dice(p * y, y)


def boundary(p, y):
    """Kervadec et al. 2019 in float64, with SciPy's distances; MONAI's agrees to float32."""
    maps = torch.zeros_like(p)
    for b in range(p.shape[0]):
        for c in range(p.shape[1]):
            inside = y[b, c].numpy() > 0.5
            if inside.any() and not inside.all():
                inward, outward = distance_transform_edt(inside), distance_transform_edt(~inside)
                maps[b, c] = torch.tensor(numpy.where(inside, 1 - inward, outward))
    found = (p * maps).flatten(1).mean(1)
    theirs = BoundaryLoss(reduction='none')(p, y).flatten(1).mean(1)
    assert (found - theirs).abs().max() < 1e-6, (found, theirs)
    return found


def focal(gamma, alpha=None):
    """Lin et al. 2017 in float64; MONAI, which computes in float32, agrees to that."""
    inside, outside = (1, 1) if alpha is None else (alpha, 1 - alpha)
    monai = FocalLoss(gamma=gamma, alpha=alpha, use_softmax=False, reduction='none')

    def loss(p, y):
        each = -y * inside * (1 - p) ** gamma * p.log() - (1 - y) * outside * p ** gamma * (1 - p).log()
        found = each.flatten(1).mean(1)
        assert (found - monai(torch.logit(p), y).flatten(1).mean(1)).abs().max() < 1e-6
        return found

    return loss


none = dict(reduction='none')
CASES = [
    ('dice', {}, per_sample(DiceLoss(smooth_nr=1, smooth_dr=1, **none)), p, y),
    ('dice', {'smooth': 1e-5}, per_sample(DiceLoss(**none)), p, y),
    ('dice', {'squared': True}, per_sample(DiceLoss(squared_pred=True, smooth_nr=1, smooth_dr=1, **none)), p, y),
    ('dice', {'batch': True}, repeated(DiceLoss(batch=True, smooth_nr=1, smooth_dr=1, **none)), p, y),
    ('diceWithPositives', {'fnWeight': 8}, lambda p, y: fn_weight(p, y, 8), p, y),
    ('crossEntropy', {}, lambda p, y: torch.nn.functional.binary_cross_entropy(p, y, **none).flatten(1).mean(1), p, y),
    ('focal', {}, focal(2), p, y),
    ('focal', {'gamma': 1.5, 'alpha': 0.8}, focal(1.5, 0.8), p, y),
    ('tversky', {}, per_sample(TverskyLoss(alpha=0.3, beta=0.7, smooth_nr=1, smooth_dr=1, **none)), p, y),
    ('tversky', {'alpha': 0.6, 'beta': 0.2, 'smooth': 0.1, 'batch': True},
     repeated(TverskyLoss(alpha=0.6, beta=0.2, smooth_nr=0.1, smooth_dr=0.1, batch=True, **none)), p, y),
    ('focalTversky', {}, lambda p, y: focal_tversky(p, y, 0.3, 0.7, 4 / 3), p, y),
    ('focalTversky', {'alpha': 0.5, 'beta': 0.5, 'gamma': 2}, lambda p, y: focal_tversky(p, y, 0.5, 0.5, 2), p, y),
    ('generalizedDice', {}, lambda p, y: Exact(**none)(two(p), two(y)).flatten(1).mean(1), p, y),
    ('generalizedDice', {'weight': 'uniform', 'smooth': 1},
     lambda p, y: Exact(w_type='uniform', smooth_nr=1, smooth_dr=1, **none)(two(p), two(y)).flatten(1).mean(1), p, y),
    ('generalizedDice', {}, lambda p, y: Exact(**none)(p, y).flatten(1).mean(1), p3, y3),
    ('generalizedDice', {'batch': True},
     lambda p, y: Exact(batch=True, **none)(two(p), two(y)).flatten().mean().expand(p.shape[0]), p, y),
    ('logCoshDice', {}, lambda p, y: torch.log(torch.cosh(dice(p, y))), p, y),
    ('boundary', {}, boundary, p, y),
]

result = []
for name, options, loss, prediction, target in CASES:
    leaf = prediction.clone().requires_grad_()
    value = loss(leaf, target)
    weights = torch.arange(1, value.shape[0] + 1, dtype=value.dtype)
    (value * weights).sum().backward()
    result.append({
        'loss': name,
        'options': options,
        'shape': list(prediction.shape),
        'prediction': prediction.flatten().tolist(),
        'target': target.flatten().tolist(),
        'value': value.detach().tolist(),
        'gradient': leaf.grad.flatten().tolist(),
    })

path = pathlib.Path(__file__).parent.parent / 'losses.json'
path.write_text('[\n' + ',\n'.join(json.dumps(case) for case in result) + '\n]\n')
