"""Initial values, outputs, gradients and buffers of PyTorch's layers, for test/native/torch/layers.test.ts.

    $(npm run -s python -- --path) test/golden/make/layers.py > test/golden/layers.json
"""

import hashlib
import json

import torch
from torch import nn

torch.set_num_threads(1)


def embed(layer, x):
    return layer((x.detach() * 8 + 11).long() % 7)


def attend(layer, query, key=None, value=None):
    """The output and the weights, of equal importance."""
    output, weights = layer(query, query if key is None else key, query if value is None else value)
    return torch.cat([output.flatten(), weights.flatten()])


# name: (module, shape of the input, and how it is called unless with the input alone)
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
    "conv1d": (lambda: nn.Conv1d(3, 4, 3, stride=2, padding=1), (2, 3, 7)),
    "conv1d, padding same": (lambda: nn.Conv1d(2, 2, 4, padding="same", dilation=3, padding_mode="reflect"), (1, 2, 12)),
    "conv2d, padding circular": (lambda: nn.Conv2d(2, 3, (3, 2), padding=(2, 1), padding_mode="circular"), (1, 2, 4, 5)),
    "conv2d, padding replicate": (lambda: nn.Conv2d(2, 3, 3, padding=1, stride=2, padding_mode="replicate"), (2, 4, 5)),
    "conv3d": (lambda: nn.Conv3d(2, 3, (1, 3, 2), stride=(1, 2, 1), padding=(0, 1, 1)), (2, 2, 3, 4, 4)),
    "conv3d, all options": (
        lambda: nn.Conv3d(4, 2, 2, dilation=(1, 2, 1), groups=2, bias=False, padding="valid"),
        (1, 4, 3, 4, 3),
    ),
    "convTranspose1d": (lambda: nn.ConvTranspose1d(3, 2, 3, stride=2, padding=1, output_padding=1), (2, 3, 4)),
    "convTranspose3d": (lambda: nn.ConvTranspose3d(2, 4, (2, 3, 2), stride=2, groups=2, bias=False), (1, 2, 2, 2, 3)),
    "batchNorm1d": (lambda: nn.BatchNorm1d(3), (5, 3)),
    "batchNorm1d of sequences": (lambda: nn.BatchNorm1d(3, momentum=None), (2, 3, 4)),
    "batchNorm3d": (lambda: nn.BatchNorm3d(2, eps=1e-4), (2, 2, 2, 2, 3)),
    "instanceNorm1d": (lambda: nn.InstanceNorm1d(3), (2, 3, 5)),
    "instanceNorm2d": (lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), (2, 3, 3, 2)),
    "instanceNorm3d": (lambda: nn.InstanceNorm3d(2, eps=1e-3, affine=True), (2, 2, 2, 2, 2)),
    "groupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
    "groupNorm, all options": (lambda: nn.GroupNorm(4, 4, eps=1e-3, affine=False), (1, 4, 3, 2)),
    "layerNorm": (lambda: nn.LayerNorm(5), (2, 3, 5)),
    "layerNorm, all options": (lambda: nn.LayerNorm([3, 4], eps=1e-3, bias=False), (2, 3, 4)),
    "layerNorm without weight": (lambda: nn.LayerNorm(4, elementwise_affine=False), (3, 4)),
    "dropout": (lambda: nn.Dropout(0.3), (4, 9)),
    "dropout1d": (lambda: nn.Dropout1d(), (3, 4, 2)),
    "dropout2d": (lambda: nn.Dropout2d(0.25), (3, 4, 2, 2)),
    "dropout3d": (lambda: nn.Dropout3d(0.75), (2, 4, 1, 2, 2)),
    "maxPool1d": (lambda: nn.MaxPool1d(2), (2, 3, 7)),
    "maxPool2d": (lambda: nn.MaxPool2d((3, 2), stride=2, padding=1, ceil_mode=True), (1, 2, 6, 5)),
    "maxPool3d": (lambda: nn.MaxPool3d(2, stride=1, dilation=(1, 2, 1)), (1, 2, 3, 4, 3)),
    "avgPool1d": (lambda: nn.AvgPool1d(3, stride=2, padding=1, count_include_pad=False), (2, 2, 7)),
    "avgPool2d": (lambda: nn.AvgPool2d(2, ceil_mode=True, divisor_override=3), (1, 2, 5, 5)),
    "avgPool3d": (lambda: nn.AvgPool3d((1, 2, 2), padding=(0, 1, 1)), (1, 2, 2, 4, 4)),
    "adaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(3), (1, 2, 7)),
    "adaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((2, None)), (1, 2, 5, 3)),
    "adaptiveAvgPool3d": (lambda: nn.AdaptiveAvgPool3d(1), (1, 2, 2, 3, 3)),
    "upsample": (lambda: nn.Upsample(scale_factor=2), (1, 2, 3, 2)),
    "upsample, trilinear": (lambda: nn.Upsample(size=(3, 4, 5), mode="trilinear", align_corners=True), (1, 1, 2, 2, 3)),
    "upsample, recomputed": (
        lambda: nn.Upsample(scale_factor=1.7, mode="bicubic", recompute_scale_factor=True),
        (1, 2, 4, 3),
    ),
    "embedding": (lambda: nn.Embedding(7, 3), (2, 4), embed),
    "embedding, all options": (
        lambda: nn.Embedding(7, 3, padding_idx=-2, max_norm=1.5, norm_type=1, scale_grad_by_freq=True),
        (3, 4),
        embed,
    ),
    "tanh": (lambda: nn.Tanh(), (2, 7)),
    "gelu": (lambda: nn.GELU(), (2, 7)),
    "gelu, approximate": (lambda: nn.GELU("tanh"), (2, 7)),
    "silu": (lambda: nn.SiLU(), (2, 7)),
    "leakyRelu": (lambda: nn.LeakyReLU(0.2), (2, 7)),
    "elu": (lambda: nn.ELU(0.7), (2, 7)),
    "softplus": (lambda: nn.Softplus(2, 1.5), (2, 7)),
    "softmax": (lambda: nn.Softmax(1), (2, 7)),
    "logSoftmax": (lambda: nn.LogSoftmax(-1), (2, 7)),
    "flatten": (lambda: nn.Flatten(), (2, 3, 4)),
    "flatten, some": (lambda: nn.Flatten(0, 1), (2, 3, 4)),
    "identity": (lambda: nn.Identity(), (2, 3)),
    "multiheadAttention": (lambda: nn.MultiheadAttention(6, 2), (4, 2, 6), attend),
    "multiheadAttention, all options": (
        lambda: nn.MultiheadAttention(
            6, 3, dropout=0.2, bias=False, add_bias_kv=True, add_zero_attn=True, kdim=4, vdim=5, batch_first=True
        ),
        (2, 4, 6),
        lambda layer, x: attend(layer, x, x[:, :3, :4], x[:, 1:, 1:]),
    ),
    "multiheadAttention without weights": (
        lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True, batch_first=True),
        (2, 3, 4),
        lambda layer, x: layer(x, x, x, need_weights=False)[0],
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


def golden(make, shape, call=lambda layer, x: layer(x)):
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
        output = call(module, x)
        (output * output).sum().backward()
    result["output"] = values(output)
    result["outputShape"] = list(output.shape)
    result["inputGradient"] = [] if x.grad is None else values(x.grad)
    result["gradients"] = {name: values(p.grad) for name, p in module.named_parameters()}
    result["buffers"] = {name: values(b) for name, b in module.named_buffers()}
    module.eval()
    result["evalOutput"] = values(call(module, x))
    return result


print(json.dumps({name: golden(*layer) for name, layer in LAYERS.items()}))
