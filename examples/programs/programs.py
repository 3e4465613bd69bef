"""The programs of this folder in PyTorch. `python programs.py` prints one JSON object: name -> numbers.

The TypeScript programs must print the same numbers."""

import json
import math
import sys

import torch
import torch.nn.functional as F
from torch import nn


def mlp():
    """Classifies points of two spirals."""
    torch.manual_seed(0)
    t = torch.linspace(0.5, 3.5, 60)
    spiral = torch.stack([t * torch.cos(2 * t), t * torch.sin(2 * t)], 1)
    x = torch.cat([spiral, -spiral]) / 3
    y = torch.cat([torch.zeros(60, dtype=torch.int64), torch.ones(60, dtype=torch.int64)])
    net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 2))
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.02, weight_decay=0.01)
    losses = []
    for step in range(150):
        order = torch.randperm(120)[:64]
        loss = F.cross_entropy(net(x[order]), y[order], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 49:
            losses += [loss.item(), norm.item()]
    net.eval()
    with torch.no_grad():
        accuracy = (net(x).argmax(1) == y).float().mean()
    return [*losses, accuracy.item()]


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = (
            nn.Identity()
            if inputs == outputs and stride == 1
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


def resnet():
    """Trains a small residual network with Nesterov momentum, then freezes its first block."""
    torch.manual_seed(1)
    net = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), ResidualBlock(8, 8, 1), ResidualBlock(8, 16, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4),
    )
    x, y = torch.randn(8, 1, 16, 16), torch.arange(8) % 4
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4)
    losses = []
    for step in range(6):
        if step == 3:
            net[1].requires_grad_(False)
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    trained = sum(p.numel() for p in net.parameters() if p.requires_grad)
    net.eval()
    return [*losses, trained, net(x).softmax(-1)[3, 1].item()]


class GruCell(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        bound = 1 / math.sqrt(hidden)
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden, inputs).uniform_(-bound, bound))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden, hidden).uniform_(-bound, bound))
        self.bias_ih = nn.Parameter(torch.zeros(3 * hidden))
        self.bias_hh = nn.Parameter(torch.zeros(3 * hidden))

    def forward(self, x, h):
        r_x, z_x, n_x = F.linear(x, self.weight_ih, self.bias_ih).chunk(3, 1)
        r_h, z_h, n_h = F.linear(h, self.weight_hh, self.bias_hh).chunk(3, 1)
        r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        n = torch.tanh(n_x + r * n_h)
        return (1 - z) * n + z * h


def gru():
    """Learns to add up a sequence."""
    torch.manual_seed(2)
    cell, head = GruCell(1, 12), nn.Linear(12, 1)
    parameters = [*cell.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    losses = []
    for _ in range(8):
        x = torch.rand(16, 6, 1)
        h = torch.zeros(16, 12)
        for t in range(6):
            h = cell(x[:, t], h)
        loss = F.mse_loss(head(h), x.sum(1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_value_(parameters, 0.5)
        optimizer.step()
        losses.append(loss.item())
    return losses


def attention():
    """Causal attention with padding, by hand, by the fused operator and by the layer."""
    torch.manual_seed(3)
    heads, length, width = 2, 5, 8
    layer = nn.MultiheadAttention(width, heads, batch_first=True)
    x = torch.randn(3, length, width)
    lengths = torch.tensor([5, 3, 4])
    padded = torch.arange(length)[None, :] >= lengths[:, None]
    causal = torch.ones(length, length, dtype=torch.bool).triu(1)
    out, weights = layer(x, x, x, key_padding_mask=padded, attn_mask=causal)

    q, k, v = F.linear(x, layer.in_proj_weight, layer.in_proj_bias).chunk(3, -1)
    split = lambda a: a.unflatten(-1, (heads, -1)).transpose(1, 2)
    q, k, v = split(q), split(k), split(v)
    hidden = padded[:, None, None, :] | causal
    scores = (q @ k.transpose(-2, -1) / math.sqrt(width // heads)).masked_fill(hidden, -math.inf)
    by_hand = layer.out_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))
    fused = F.scaled_dot_product_attention(q, k, v, attn_mask=~hidden)
    return [
        out.square().mean().item(), weights[1, 4, 2].item(), (out - by_hand).abs().max().lt(1e-6).item(),
        fused.std().item(), scores[0, 0].softmax(-1).diagonal().sum().item(),
    ]


class VariationalAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(16, 24), nn.SiLU())
        self.mean, self.log_var = nn.Linear(24, 3), nn.Linear(24, 3)
        self.decoder = nn.Sequential(nn.Linear(3, 24), nn.SiLU(), nn.Linear(24, 16))

    def forward(self, x):
        h = self.encoder(x)
        mean, log_var = self.mean(h), self.log_var(h)
        z = mean + torch.randn_like(mean) * (0.5 * log_var).exp()
        return self.decoder(z), mean, log_var


def vae():
    torch.manual_seed(4)
    net = VariationalAutoencoder()
    x = torch.rand(32, 16).gt(0.5).float()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01, amsgrad=True)
    losses = []
    for _ in range(6):
        logits, mean, log_var = net(x)
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / 32
        divergence = -0.5 * (1 + log_var - mean.pow(2) - log_var.exp()).sum(1).mean()
        optimizer.zero_grad()
        (reconstruction + divergence).backward()
        optimizer.step()
        losses += [reconstruction.item(), divergence.item()]
    return losses


def gradient_penalty():
    """The critic of a Wasserstein GAN with gradient penalty, and a Hessian-vector product."""
    torch.manual_seed(5)
    critic = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    numbers = []
    for _ in range(4):
        real, fake = torch.randn(8, 4) + 1, torch.randn(8, 4)
        mix = torch.rand(8, 1)
        between = (mix * real + (1 - mix) * fake).requires_grad_()
        score = critic(between)
        (gradient,) = torch.autograd.grad(score, between, torch.ones_like(score), create_graph=True)
        penalty = (gradient.norm(2, 1) - 1).square().mean()
        loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        numbers += [loss.item(), penalty.item()]
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (first,) = torch.autograd.grad((x**3).sum() + x.prod(), x, create_graph=True)
    (product,) = torch.autograd.grad(first, x, torch.tensor([1.0, 0.0, -1.0]))
    return [*numbers, *product.tolist()]


class DoubleConv3d(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.block = nn.ModuleList([
            nn.Conv3d(inputs, outputs, 3, padding=1), nn.GroupNorm(2, outputs), nn.GELU(),
            nn.Conv3d(outputs, outputs, 3, padding=1), nn.GroupNorm(2, outputs), nn.GELU(),
        ])

    def forward(self, x):
        for layer in self.block:
            x = layer(x)
        return x


class UNet3d(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.bottom, self.up = DoubleConv3d(1, 4), DoubleConv3d(4, 8), DoubleConv3d(12, 4)
        self.pool, self.last = nn.MaxPool3d(2), nn.Conv3d(4, 1, 1)

    def forward(self, x):
        skip = self.down(x)
        y = F.interpolate(self.bottom(self.pool(skip)), scale_factor=2, mode="trilinear", align_corners=False)
        return self.last(self.up(torch.cat([skip, y], 1)))


def unet3d():
    torch.manual_seed(6)
    net = UNet3d()
    x = torch.randn(1, 1, 8, 8, 8)
    target = (F.avg_pool3d(x, 3, 1, 1) > 0.1).float()
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(4):
        p = net(x).sigmoid()
        dice = 1 - (2 * (p * target).sum() + 1) / (p.sum() + target.sum() + 1)
        optimizer.zero_grad()
        dice.backward()
        optimizer.step()
        losses.append(dice.item())
    return [*losses, sum(p.numel() for p in net.parameters()), len(net.state_dict())]


def images():
    """Blur, edges, rotation, resizing, histogram and the largest values of an image."""
    torch.manual_seed(7)
    image = F.interpolate(torch.rand(1, 1, 6, 6), (24, 32), mode="bicubic", align_corners=False).clamp(0, 1)
    g = torch.exp(-torch.arange(-3, 4, dtype=torch.float32).square() / 2)
    g = g / g.sum()
    blurred = F.conv2d(F.pad(image, (3, 3, 3, 3), mode="reflect"), torch.outer(g, g)[None, None])
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    edges = F.conv2d(image, torch.stack([sobel, sobel.T])[:, None]).norm(dim=1)
    angle = math.pi / 6
    theta = torch.tensor([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]])
    grid = F.affine_grid(theta[None], [1, 1, 24, 32], align_corners=False)
    rotated = F.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=False)
    small = F.interpolate(image, scale_factor=0.4, mode="bilinear", antialias=True, align_corners=False)
    values, places = image.flatten().topk(3)
    bright = image[..., 4:10, ::3] > 0.5
    rows = image[0, 0][[0, 5, 7]]
    return [
        blurred.mean().item(), edges.amax().item(), rotated.std().item(), *small.shape, small.sum().item(),
        *values.tolist(), *places.tolist(), bright.sum().item(), rows.mean(1).tolist()[2],
        *torch.histc(image, 4, 0, 1).tolist(), image.median().item(), image.quantile(0.9).item(),
        torch.fft.rfft2(image).abs()[0, 0, 1, 1].item(),
    ]


def fixed(*sizes):
    """A network of linear layers with the same weights in every run and language."""
    layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    with torch.no_grad():
        for parameter in (p for layer in layers for p in layer.parameters()):
            bound = 1 / math.sqrt(parameter.shape[-1])
            parameter.copy_(torch.linspace(-bound, bound, parameter.numel()).view_as(parameter))
    return layers


def waves(count, size):
    return torch.tensor([[math.sin(i * (n + 1)) for i in range(size)] for n in range(count)], dtype=torch.float32)


def fastify():
    """200 answers, 3 refusals, sums of labels and of the first probabilities, no tensor left."""
    first, second = fixed(64, 128, 10)
    p = second(first(waves(200, 64)).relu()).softmax(1)
    weights = torch.arange(1, 201)
    return [200, 3, (p.argmax(1) * weights).sum().item(), (p[:, 0].double() * weights).sum().item(), 0]


def piscina():
    """40 results and their sum, from 4 threads without a copy of the weights."""
    first, second = fixed(256, 4096, 1024)
    sums = second(first(waves(40, 256)).tanh()).square().sum(1)
    return [40, (sums.double() * torch.arange(1, 41)).sum().item(), 4, 0, 0]


if __name__ == "__main__":
    services = sys.argv[1:] == ["services"]
    programs = [fastify, piscina] if services else [mlp, resnet, gru, attention, vae, gradient_penalty, unet3d, images]
    print(json.dumps({program.__name__: program() for program in programs}))
