"""Trains as chapter 13 of "Deep Learning with PyTorch" does, all its faults included, for test/native/train/book-run.test.ts.

    python book_run.py FOLDER WEIGHTS SEED STEPS OUT

FOLDER is in LUNA16's layout, WEIGHTS a safetensors file of initial weights. From the scans and annotations on, everything is done
here again, in float64: boxes, labels, split, crops, augmentation, network, loss, Adam, counts. Only the random numbers are ours,
drawn anew from their description (docs/explanation/reproducibility.md, binding/nodule): Philox4x32-10 by seed, epoch and position.

OUT gets the final weights (`final.NAME`), the first step's crops (`image`, `mask`), and each of its own initial weights by the
same seed (`initial.NAME`); standard output one JSON object of figures by step.

Faults of the list of book faults that act here, by number: 1, 2, 3 (not, as the run is augmented), 7, 8, 9, 10, 11, 12, 13, 14 (`initial`),
15, 16, 17, 18.
"""

import csv
import json
import math
import pathlib
import sys

import numpy as np
import SimpleITK as sitk
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

BATCH, PLANE, WINDOW, CONTEXT = 16, 96, 64, 3
OFFSET, SCALE, NOISE_HU = 0.03, 0.2, 25.0
AIR_HU = -700


# Random numbers ------------------------------------------------------------------------------------------------------


def philox(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """Philox4x32-10 of [n, 4] counters: Salmon, Moraes, Dror, Shaw, SC 2011."""
    low = np.uint64(0xFFFFFFFF)
    c0, c1, c2, c3 = (counter[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(10):
        a, b = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (b >> np.uint64(32)) ^ c1 ^ np.uint64(k0), b & low, (a >> np.uint64(32)) ^ c3 ^ np.uint64(k1), a & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], 1)


class Draws:
    """The numbers of one epoch; what they are drawn for is part of the counter."""

    ORDER, PLACE, TRANSFORM, NOISE_KEY, NOISE = 1, 3, 4, 5, 6

    def __init__(self, seed: int, epoch: int) -> None:
        self.key, self.epoch = (seed & 0xFFFFFFFF, seed >> 32), epoch

    def words(self, purpose: int, place: int, block: int = 0) -> list[int]:
        counter = np.array([[place & 0xFFFFFFFF, place >> 32, self.epoch, purpose | block << 8]], np.uint64)
        return [int(word) for word in philox(counter, self.key)[0]]

    def order(self, cycle: int, count: int) -> list[int]:
        keys = []
        for i in range(count):
            first, second, *_ = self.words(self.ORDER, i | cycle << 32)
            keys.append(first << 32 | second)
        return sorted(range(count), key=keys.__getitem__)

    def noise(self, position: int, voxels: int) -> np.ndarray:
        first, second, *_ = self.words(self.NOISE_KEY, position)
        counter = np.zeros((-(-voxels // 4), 4), np.uint64)
        counter[:, 0], counter[:, 3] = np.arange(len(counter)), self.NOISE
        words = philox(counter, (first, second)).reshape(-1)[:voxels]
        total = sum((words >> np.uint64(shift)) & np.uint64(255) for shift in (0, 8, 16, 24)).astype(np.float64) - 510
        t = total / 512
        s = t * t
        # The odd polynomial that maps the sum of four bytes onto normal quantiles (binding/nodule/crop_sample.h).
        return t * np.polyval([2.923581575333981, -2.4258643782207976, 1.0047061663118142, 0.36923677942639826, 3.334259157216852], s)


def unit(word: int) -> float:
    return (word + 0.5) / 2**32


def signed(word: int) -> float:
    return 2 * unit(word) - 1


# Scans, labels, split ------------------------------------------------------------------------------------------------


class Scan:
    def __init__(self, path: pathlib.Path, points: list[tuple[float, float, float]]) -> None:
        image = sitk.ReadImage(str(path))
        self.hu = sitk.GetArrayFromImage(image).astype(np.float64)
        origin, spacing = np.array(image.GetOrigin()), np.array(image.GetSpacing())
        inverse = np.linalg.inv(np.array(image.GetDirection()).reshape(3, 3))
        # Fault 8: the offset stands to the left, so it meets the transpose of the inverse.
        columns_rows_slices = [np.round((np.array(point) - origin) @ inverse / spacing) for point in points]
        self.centers = [tuple(int(place) for place in place[::-1]) for place in columns_rows_slices]
        self.mask = self.labels()

    def labels(self) -> np.ndarray:
        """Faults 9, 10, 11: numpy's own indexing wraps below 0 and raises beyond the end, in the search and in the box."""
        dense, box = self.hu > AIR_HU, np.zeros(self.hu.shape, bool)
        for center in self.centers:
            ranges = []
            for axis in range(3):
                radius = 2
                try:
                    while all(dense[tuple(c + (side * radius if a == axis else 0) for a, c in enumerate(center))] for side in (1, -1)):
                        radius += 1
                except IndexError:
                    radius -= 1
                ranges.append(slice(center[axis] - radius, center[axis] + radius + 1))
            box[tuple(ranges)] = True
        return box & dense

    def crop(self, center: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Faults 12, 13: the whole crop moves inside the scan; its label is that of its fourth slice."""
        area = []
        for place, width, length in zip(center, (2 * CONTEXT + 1, PLANE, PLANE), self.hu.shape):
            first = round(place - width / 2)
            first = min(max(first, 0), length - width)
            area.append(slice(first, first + width))
        return self.hu[tuple(area)].clip(-1000, 1000), self.mask[tuple(area)][CONTEXT]


def training_crops(folder: pathlib.Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """One crop for each nodule (faults 7, 18: none without; every tenth series validates)."""
    points: dict[str, list[tuple[float, float, float]]] = {}
    with open(folder / "annotations.csv", newline="") as file:
        for row in csv.DictReader(file):
            points.setdefault(row["seriesuid"], []).append(tuple(float(row[f"coord{axis}"]) for axis in "XYZ"))
    paths = {path.stem: path for path in folder.glob("subset*/*.mhd")}
    crops = []
    for at, uid in enumerate(sorted(paths)):
        if at % 10 == 0:
            continue
        scan = Scan(paths[uid], points.get(uid, []))
        for center in scan.centers:
            rows, columns = scan.hu.shape[1:]
            # Nearer to the border the window is drawn from fewer places than the book's, which is not repeated here.
            assert PLANE // 2 <= center[1] <= rows - PLANE // 2 and PLANE // 2 <= center[2] <= columns - PLANE // 2, center
            crops.append(scan.crop(center))
    return crops


# One batch -----------------------------------------------------------------------------------------------------------


def batch(crops: list[tuple[np.ndarray, np.ndarray]], draws: Draws, start: int) -> tuple[torch.Tensor, torch.Tensor]:
    images, masks, noises = [], [], []
    for position in range(start, start + BATCH):
        image, mask = crops[draws.order(position // len(crops), len(crops))[position % len(crops)]]
        _, row, column, _ = draws.words(draws.PLACE, position)
        room = PLANE - WINDOW + 1
        row, column = row * room >> 32, column * room >> 32
        images.append(image[:, row : row + WINDOW, column : column + WINDOW])
        masks.append(mask[None, row : row + WINDOW, column : column + WINDOW])
        noises.append(draws.noise(position, image.shape[0] * WINDOW**2).reshape(-1, WINDOW, WINDOW))
    stacked = (torch.from_numpy(np.stack(part).astype(np.float64)) for part in (images, masks, noises))
    return augment(*stacked, matrix(draws, start))


def matrix(draws: Draws, start: int) -> torch.Tensor:
    """Fault 1: the offset is written into the row that `augment` cuts off."""
    first, second = draws.words(draws.TRANSFORM, start), draws.words(draws.TRANSFORM, start, 1)
    whole = torch.eye(3, dtype=torch.float64)
    for axis in range(2):
        if first[axis] >= 2**31:
            whole[axis, axis] *= -1
        whole[2, axis] = OFFSET * signed(first[2 + axis])
        whole[axis, axis] *= 1 + SCALE * signed(second[axis])
    angle = 2 * math.pi * unit(second[2])
    sine, cosine = math.sin(angle), math.cos(angle)
    return whole @ torch.tensor([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], dtype=torch.float64)


def augment(image: torch.Tensor, mask: torch.Tensor, noise: torch.Tensor, whole: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Faults 2, 16, 17: one matrix for the batch; noise comes last, unclamped; labels are resampled and cut at one half."""
    grid = F.affine_grid(whole[:2].expand(len(image), 2, 3), list(image.shape), align_corners=False)
    moved = F.grid_sample(image, grid, padding_mode="border", align_corners=False)
    labels = F.grid_sample(mask, grid, padding_mode="border", align_corners=False)
    return moved + NOISE_HU * noise, labels > 0.5


# Network and loss ----------------------------------------------------------------------------------------------------


class Pair(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        layers = []
        for channels in (inputs, outputs):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(outputs)]
        self.block = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.block(x)


class Up(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, 2)
        self.conv_block = Pair(inputs, outputs)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        return self.conv_block(torch.cat([self.up(x), skip], 1))


class UNet(nn.Module):
    def __init__(self, inputs: int, widths: list[int]) -> None:
        super().__init__()
        self.down_path = nn.ModuleList(Pair(a, b) for a, b in zip([inputs, *widths], widths))
        self.up_path = nn.ModuleList(Up(b, a) for a, b in reversed(list(zip(widths, widths[1:]))))
        self.last = nn.Conv2d(widths[0], 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for level, block in enumerate(self.down_path):
            x = block(F.avg_pool2d(x, 2) if level else x)
            skips.append(x)
        skips.pop()
        for block in self.up_path:
            x = block(x, skips.pop())
        return self.last(x)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input_batchnorm = nn.BatchNorm2d(2 * CONTEXT + 1)
        self.unet = UNet(2 * CONTEXT + 1, [16, 32, 64])
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                # Fault 14: mean -bound, deviation bound.
                bound = 1 / math.sqrt(module.weight.shape[0] * module.weight[0, 0].numel())
                nn.init.normal_(module.bias, -bound, bound)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.unet(self.input_batchnorm(x)))


def dice_loss(p: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    each = (1, 2, 3)
    return 1 - (2 * (p * y).sum(each) + 1) / (p.sum(each) + y.sum(each) + 1)


def main(folder: str, weights: str, seed: str, steps: str, out: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(int(seed))
    net = Network()
    kept = {f"initial.{name}": tensor.clone() for name, tensor in net.state_dict().items()}
    net.load_state_dict(load_file(weights))
    net.double().train()
    adam = torch.optim.Adam(net.parameters())
    crops, draws = training_crops(pathlib.Path(folder)), Draws(int(seed), 1)
    figures: dict[str, list[float]] = {name: [] for name in ("loss", "dice", "tp", "fn", "fp", "image", "mask")}
    for step in range(int(steps)):
        image, mask = batch(crops, draws, step * BATCH)
        if step == 0:
            kept |= {"image": image, "mask": mask.to(torch.float64)}
        adam.zero_grad()
        probability = net(image)
        dice = dice_loss(probability, mask)
        # Fault 15: the weight of the second term.
        loss = dice.mean() + 8 * dice_loss(probability * mask, mask).mean()
        predicted = (probability > 0.5).to(torch.float64)
        # Fault 3 would be seen in the last but for the augmentation, which makes the labels bool.
        counted = (predicted * mask).sum(), ((1 - predicted) * mask).sum(), (predicted * ~mask).sum()
        loss.backward()
        adam.step()
        for name, value in zip(figures, (loss, dice.sum(), *counted, image.sum(), mask.sum())):
            figures[name].append(value.item())
    kept |= {f"final.{name}": tensor for name, tensor in net.state_dict().items()}
    save_file({name: tensor.contiguous() for name, tensor in kept.items()}, out)
    print(json.dumps({"crops": len(crops), **figures}))


if __name__ == "__main__":
    main(*sys.argv[1:])
