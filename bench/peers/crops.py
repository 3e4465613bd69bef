"""Crops and augments as a Python training loop does: numpy slicing, then affine_grid and grid_sample over the batch."""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

OFFSET, SCALE, NOISE_HU = 0.03, 0.2, 25.0


class Scan:
    """The scan of bench/scan.mjs: int16 HU and uint8 labels [slices, rows, columns], and the nodules' centres."""

    def __init__(self, folder: Path) -> None:
        meta = json.loads((folder / "scan.json").read_text())
        shape = tuple(meta["shape"])
        self.hu = np.fromfile(folder / "hu.i16", np.int16).reshape(shape)
        self.mask = np.fromfile(folder / "mask.u8", np.uint8).reshape(shape)
        self.centers = meta["centers"]


def crop(scan: Scan, draw: np.random.Generator, window: int, size: int, context: int) -> tuple[np.ndarray, np.ndarray]:
    """Crops a random window of `size` within the `window` around a random nodule.

    Returns HU [2 context + 1, size, size] and the label [1, size, size].
    """
    index, row, column = scan.centers[draw.integers(len(scan.centers))]
    slices, rows, columns = scan.hu.shape
    first = min(max(index - context, 0), slices - 2 * context - 1)
    top = min(max(row - window // 2, 0), rows - window) + draw.integers(window - size + 1)
    left = min(max(column - window // 2, 0), columns - window) + draw.integers(window - size + 1)
    area = (slice(top, top + size), slice(left, left + size))
    image = scan.hu[(slice(first, first + 2 * context + 1), *area)].astype(np.float32).clip(-1000, 1000)
    return image, scan.mask[(slice(index, index + 1), *area)].astype(np.float32)


def batch_of(scan: Scan, draw: np.random.Generator, batch: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    pairs = [crop(scan, draw, max(96, size), size, 3) for _ in range(batch)]
    return torch.from_numpy(np.stack([p[0] for p in pairs])), torch.from_numpy(np.stack([p[1] for p in pairs]))


def augment(image: torch.Tensor, label: torch.Tensor, draw: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Applies flip, offset, scale, rotation and noise per sample; resamples labels and thresholds them at 0.5."""
    batch = image.shape[0]
    theta = np.empty((batch, 2, 3), np.float32)
    for sample in range(batch):
        flip = draw.choice([-1.0, 1.0], 2) * (1 + SCALE * draw.uniform(-1, 1, 2))
        angle = draw.uniform(0, 2 * math.pi)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        theta[sample, :, :2] = np.diag(flip) @ turn
        theta[sample, :, 2] = OFFSET * draw.uniform(-1, 1, 2)
    matrix = torch.from_numpy(theta)
    grid = F.affine_grid(matrix, list(image.shape), align_corners=False)
    moved = F.grid_sample(image, grid, padding_mode="border", align_corners=False)
    label = F.grid_sample(label, grid, padding_mode="border", align_corners=False) > 0.5
    return moved + NOISE_HU * torch.randn_like(moved), label.float()
