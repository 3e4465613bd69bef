"""Initial values, outputs, gradients and buffers of PyTorch's layers, for test/native/torch/layers.test.ts.

    $(npm run -s python -- --path) test/golden/make/layers.py > test/golden/layers.json
"""

import hashlib
import json

import torch
from torch import nn

torch.set_num_threads(1)

# name: (module, shape of the input)
LAYERS = {
    "linear": (lambda: nn.Linear(5, 3), (4, 5)),
    "linear without bias": (lambda: nn.Linear(5, 3, bias=False), (2, 2, 5)),
    "conv2d": (lambda: nn.Conv2d(3, 4, 3), (2, 3, 6, 5)),
    "conv2d, all options": (
        lambda: nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2, bias=False),
        (2, 4, 7, 6),
    ),
    "conv2d, padding same": (lambda: nn.Conv2d(2, 2, 3, padding="same"), (1, 2, 4, 4)),
    "convTranspose2d": (lambda: nn.ConvTranspose2d(3, 2, 2, stride=2), (2, 3, 3, 4)),
    "convTranspose2d, all options": (
        lambda: nn.ConvTranspose2d(
            4, 6, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2, dilation=(2, 1), bias=False
        ),
        (2, 4, 3, 3),
    ),
    "batchNorm2d": (lambda: nn.BatchNorm2d(3), (4, 3, 3, 2)),
    "batchNorm2d, all options": (lambda: nn.BatchNorm2d(3, eps=1e-3, momentum=0.25, affine=False), (4, 3, 3, 2)),
    "batchNorm2d, plain mean": (lambda: nn.BatchNorm2d(3, momentum=None), (4, 3, 3, 2)),
    "batchNorm2d without statistics": (lambda: nn.BatchNorm2d(3, track_running_stats=False), (4, 3, 3, 2)),
    "relu": (lambda: nn.ReLU(), (2, 7)),
    "sigmoid": (lambda: nn.Sigmoid(), (2, 7)),
    "sequential": (
        lambda: nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.ConvTranspose2d(3, 1, 2, 2), nn.Sigmoid()),
        (2, 2, 4, 4),
    ),
}


def values(tensor):
    """To 15 digits, which tell float64 apart by 1e-15."""
    return [float(f"{x:.15g}") for x in tensor.detach().double().reshape(-1).tolist()]


def sha256(tensors):
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def golden(make, shape):
    torch.manual_seed(7)
    module = make()
    initial = module.state_dict()
    result = {
        "shape": list(shape),
        "names": list(initial),
        "shapes": [list(t.shape) for t in initial.values()],
        "initialSha256": sha256([t for t in initial.values() if t.dim() > 0]),
    }
    module.double()
    numel = 1
    for size in shape:
        numel *= size
    # As the test makes it: exact in float64.
    x = (((torch.arange(numel, dtype=torch.float64) * 37) % 23 - 11) / 8).reshape(shape).requires_grad_()
    for _ in range(2):
        module.zero_grad()
        x.grad = None
        output = module(x)
        (output * output).sum().backward()
    result["output"] = values(output)
    result["outputShape"] = list(output.shape)
    result["inputGradient"] = values(x.grad)
    result["gradients"] = {name: values(p.grad) for name, p in module.named_parameters()}
    result["buffers"] = {name: values(b) for name, b in module.named_buffers()}
    module.eval()
    result["evalOutput"] = values(module(x))
    return result


print(json.dumps({name: golden(*layer) for name, layer in LAYERS.items()}))
