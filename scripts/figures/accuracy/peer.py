"""The Python peer of the accuracy study: a pytorch-unet trained with plain Dice and Adam at a constant rate.

Trains on the patients of a split file and saves plain state dicts on the way; scoring is separate (docs/records/results.md).
`whole` trains on whole 128 x 128 slices in shuffled order, `windows` on random 64 x 64 windows, 75 % of them with
nodule.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from safetensors.torch import save_file
from torch import nn

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, help="nnU-Net raw folder of crops")
parser.add_argument("--split", required=True, help="JSON file that lists the training cases under `train`")
parser.add_argument("--out", required=True, help="folder for times.json and a SAMPLES.safetensors per checkpoint")
parser.add_argument("--kind", choices=["whole", "windows"], required=True)
parser.add_argument("--rate", type=float, required=True)
parser.add_argument("--samples", type=int, required=True)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--checkpoints", type=int, default=8, help="equally spaced checkpoints, the last at the end")
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()

DEPTH, WF = 4, 4
WINDOW, WITH_NODULE = 64, 0.75
BATCH = {"whole": 32, "windows": 16}[options.kind]


class Block(nn.Module):
    """3 x 3 convolution, ReLU and batch norm, twice."""

    def __init__(self, inside, outside):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(inside, outside, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(outside),
            nn.Conv2d(outside, outside, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(outside),
        )

    def forward(self, x):
        return self.block(x)


class Up(nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.up = nn.ConvTranspose2d(inside, outside, 2, stride=2)
        self.conv_block = Block(inside, outside)

    def forward(self, x, bridge):
        return self.conv_block(torch.cat([self.up(x), bridge], 1))


class UNet(nn.Module):
    """U-Net with the layer names of pytorch-unet (Ronneberger et al. 2015).

    Max pooling, padding, batch norm, transposed convolutions.
    """

    def __init__(self):
        super().__init__()
        widths = [2 ** (WF + level) for level in range(DEPTH)]
        self.down_path = nn.ModuleList([Block(a, b) for a, b in zip([1, *widths], widths)])
        self.up_path = nn.ModuleList([Up(b, a) for a, b in reversed(list(zip(widths, widths[1:])))])
        self.last = nn.Conv2d(widths[0], 1, 1)

    def forward(self, x):
        bridges = []
        for level, down in enumerate(self.down_path):
            x = down(x)
            if level < DEPTH - 1:
                bridges.append(x)
                x = nn.functional.max_pool2d(x, 2)
        for up in self.up_path:
            x = up(x, bridges.pop())
        return torch.sigmoid(self.last(x))


def dice_loss(p, y, smooth=1.0):
    both = (p * y).sum((1, 2, 3))
    return (1 - (2 * both + smooth) / (p.sum((1, 2, 3)) + y.sum((1, 2, 3)) + smooth)).mean()


def read_slices():
    root = Path(options.data)
    images, labels = [], []
    for name in json.loads(Path(options.split).read_text())["train"]:
        images.append(sitk.GetArrayFromImage(sitk.ReadImage(str(root / "imagesTr" / f"{name}_0000.nii.gz"))))
        labels.append(sitk.GetArrayFromImage(sitk.ReadImage(str(root / "labelsTr" / f"{name}.nii.gz"))))
    return np.concatenate(images).astype(np.uint8), np.concatenate(labels).astype(np.uint8)


def corners(random, labels):
    """Yields the corner (slice, row, column) of each training sample, endlessly; flips come later."""
    if options.kind == "whole":
        while True:
            for at in random.permutation(len(labels)):
                yield at, 0, 0
    most = labels.shape[1] - WINDOW
    positive = np.flatnonzero(labels.any((1, 2)))
    while True:
        if random.random() < WITH_NODULE:
            at = random.choice(positive)
            rows, columns = np.nonzero(labels[at])
            one = random.integers(len(rows))
            inside = (rows[one], columns[one])
            row, column = (min(max(int(place) - random.integers(WINDOW), 0), most) for place in inside)
            yield at, row, column
            continue
        at, row, column = random.integers(len(labels)), random.integers(most + 1), random.integers(most + 1)
        if not labels[at, row : row + WINDOW, column : column + WINDOW].any():
            yield at, row, column


def save(net, path):
    """Saves the state dict with the scaling by 1/255 in the first convolution: it then takes values of 0 to 255."""
    state = {name: value.clone() for name, value in net.state_dict().items()}
    state["down_path.0.block.0.weight"] /= 255
    save_file(state, path)


torch.set_num_threads(options.threads)
torch.manual_seed(options.seed)
random = np.random.default_rng(options.seed)
images, labels = read_slices()
size = WINDOW if options.kind == "windows" else images.shape[1]
net = UNet()
adam = torch.optim.Adam(net.parameters(), lr=options.rate)
out = Path(options.out)
out.mkdir(parents=True, exist_ok=True)
steps = -(-options.samples // BATCH)
due = {round(steps * (k + 1) / options.checkpoints) for k in range(options.checkpoints)}
order = corners(random, labels)
seconds, printed, times = 0.0, time.time(), {}
for step in range(1, steps + 1):
    started = time.process_time()
    pairs = []
    for _ in range(BATCH):
        at, row, column = next(order)
        pair = np.stack([array[at, row : row + size, column : column + size] for array in (images, labels)])
        for axis in (1, 2):
            if random.random() < 0.5:
                pair = np.flip(pair, axis)
        pairs.append(pair)
    batch = torch.from_numpy(np.ascontiguousarray(np.stack(pairs))).float()
    loss = dice_loss(net(batch[:, :1] / 255), batch[:, 1:])
    adam.zero_grad()
    loss.backward()
    adam.step()
    seconds += time.process_time() - started
    if time.time() - printed > 5:
        printed = time.time()
        speed = f"{step * BATCH / seconds:.1f} samples per CPU second"
        print(f"step {step}/{steps}  loss {loss.item():.3f}  {speed}", file=sys.stderr)
    if step in due:
        save(net, out / f"{step * BATCH}.safetensors")
        times[step * BATCH] = seconds
        (out / "times.json").write_text(json.dumps({"processorSeconds": times, "threads": options.threads}))
