"""Writes ../optimizers.json: torch.optim in float64 (torch 2.11.0), for test/native/torch/optim.test.ts.

Parameters a [2, 3], b [4] and c []; the gradient of element i of a parameter at step t is cos(i + t) + 0.1 x element, for c only
from step 3 on (before it has none).
"""

import json
import pathlib

import torch

CASES = {
    'adam': ('Adam', dict(lr=1e-2), dict(lr=1e-2)),
    'adam decay amsgrad': ('Adam', dict(lr=1e-2, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1, amsgrad=True),
                           dict(lr=1e-2, betas=[0.8, 0.95], eps=1e-6, weightDecay=0.1, amsgrad=True)),
    'adam maximize': ('Adam', dict(lr=1e-2, maximize=True), dict(lr=1e-2, maximize=True)),
    'adamW': ('AdamW', dict(lr=1e-2), dict(lr=1e-2)),
    'adamW decay': ('AdamW', dict(lr=1e-2, weight_decay=0.3), dict(lr=1e-2, weightDecay=0.3)),
    'sgd': ('SGD', dict(lr=0.1), dict(lr=0.1)),
    'sgd momentum': ('SGD', dict(lr=0.1, momentum=0.9, dampening=0.2, weight_decay=0.01),
                     dict(lr=0.1, momentum=0.9, dampening=0.2, weightDecay=0.01)),
    'sgd nesterov': ('SGD', dict(lr=0.1, momentum=0.9, nesterov=True), dict(lr=0.1, momentum=0.9, nesterov=True)),
}
SHAPES = {'a': (2, 3), 'b': (4,), 'c': ()}
STEPS = 50
KEPT = [1, 2, 3, 4, 5, 6, 50]

result = {}
for name, (cls, options, ours) in CASES.items():
    parameters = {
        key: torch.nn.Parameter(torch.linspace(-1, 1, int(torch.tensor(shape).prod()) if shape else 1,
                                               dtype=torch.float64).reshape(shape))
        for key, shape in SHAPES.items()
    }
    optimizer = getattr(torch.optim, cls)(parameters.values(), **options)
    trace = {}
    for step in range(1, STEPS + 1):
        for key, parameter in parameters.items():
            if key == 'c' and step < 3:
                continue
            index = torch.arange(parameter.numel(), dtype=torch.float64).reshape(parameter.shape)
            parameter.grad = torch.cos(index + step) + 0.1 * parameter.detach()
        if step == 5:
            optimizer.param_groups[0]['lr'] /= 2
        optimizer.step()
        if step in KEPT:
            trace[step] = {key: parameter.detach().flatten().tolist() for key, parameter in parameters.items()}
    state = {
        f'state.{index}.{key}': value.flatten().tolist()
        for index, own in optimizer.state_dict()['state'].items()
        for key, value in own.items()
        if value is not None
    }
    result[name] = {'options': ours, 'trace': trace, 'state': state}

path = pathlib.Path(__file__).parent.parent / 'optimizers.json'
path.write_text(json.dumps(result, indent=1) + '\n')

# Learning rates of 40 steps, for test/unit/train/learning-rate.test.ts.
ONE = lambda: torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
S = torch.optim.lr_scheduler


def rates(make, steps=40):
    optimizer = ONE()
    scheduler = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    return found


def warm(make):
    """Five steps up, then the schedule over the other 35."""
    return lambda o: S.SequentialLR(o, [S.LambdaLR(o, lambda step: (step + 1) / 5), make(o)], [5])


schedules = {
    'constant': rates(lambda o: S.ConstantLR(o, 1)),
    'cosine': rates(lambda o: S.CosineAnnealingLR(o, 40)),
    'poly': rates(lambda o: S.PolynomialLR(o, 40, 0.9)),
    'one-cycle': rates(lambda o: S.OneCycleLR(o, 0.1, total_steps=40, cycle_momentum=False)),
    'cosine after 5': rates(warm(lambda o: S.CosineAnnealingLR(o, 35))),
    'poly after 5': rates(warm(lambda o: S.PolynomialLR(o, 35, 0.9))),
}
(path.parent / 'schedules.json').write_text(json.dumps(schedules, indent=1) + '\n')
