"""The network of the book's segmentation chapter, for timing: the layers of `nn.unet`'s preset, in the same order."""

import torch
import torch.nn.functional as F
from torch import nn


def double_conv(inputs: int, outputs: int) -> nn.Sequential:
    layers = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers)


class Network(nn.Module):
    """[B, 7, H, W] HU to probabilities [B, 1, H, W]; 118,271 parameters with the defaults."""

    def __init__(self, inputs: int = 7, depth: int = 3, wf: int = 4) -> None:
        super().__init__()
        widths = [2 ** (wf + level) for level in range(depth)]
        self.norm = nn.BatchNorm2d(inputs)
        self.down = nn.ModuleList(double_conv(a, b) for a, b in zip([inputs] + widths, widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(widths, widths[1:]))
        self.merge = nn.ModuleList(double_conv(2 * a, a) for a in widths[:-1])
        self.last = nn.Conv2d(widths[0], 1, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.norm(image)
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else F.avg_pool2d(x, 2))
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = self.merge[level](torch.cat([self.up[level](x), skips[level]], 1))
        return torch.sigmoid(self.last(x))


def book_loss(probability: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Returns the mean Dice loss plus eight times the Dice loss over the labelled pixels."""
    return dice(probability, label).mean() + 8 * dice(probability * label, label).mean()


def dice(p: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    both = (p * y).sum(dim=(1, 2, 3))
    return 1 - (2 * both + 1) / (p.sum(dim=(1, 2, 3)) + y.sum(dim=(1, 2, 3)) + 1)
