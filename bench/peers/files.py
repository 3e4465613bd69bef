"""SimpleITK's readers and numpy's ground truth as the other side of the bench, commands as JSON lines on stdin; the folder's files.json says
where the files lie.

Each command is timed here, without the pipe: {"work", "variant", "steps"} -> {"seconds"}.
"""

import json
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch

files = json.loads((Path(sys.argv[1]) / "files.json").read_text())
AIR_HU = -700


def read_series(folder: str) -> None:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    reader.Execute()


@cache
def scan_of(path: str) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """HU [slices, rows, columns] as float32, and the index of each annotated point; not timed."""
    image = sitk.ReadImage(path)
    points = [image.TransformPhysicalPointToIndex(a["center"])[::-1] for a in files["annotations"]]
    return sitk.GetArrayFromImage(image).astype(np.float32).clip(-1000, 1000), points


def reach(hu: np.ndarray, point: tuple[int, int, int], axis: int) -> int:
    """Steps from the point until either side is air, at least 2."""
    line = np.moveaxis(hu, axis, 0)[(slice(None), *(p for a, p in enumerate(point) if a != axis))]
    steps = 2
    while (
        0 <= point[axis] - steps
        and point[axis] + steps < len(line)
        and line[point[axis] + steps] > AIR_HU
        and line[point[axis] - steps] > AIR_HU
    ):
        steps += 1
    return steps


def book_truth(path: str) -> None:
    """A box around each point up to the first air, cut at the threshold over the whole scan, and the slices that show any."""
    hu, points = scan_of(path)
    boxes = np.zeros(hu.shape, bool)
    for point in points:
        sides = [reach(hu, point, axis) for axis in range(3)]
        boxes[tuple(slice(max(0, p - s), p + s + 1) for p, s in zip(point, sides))] = True
    mask = boxes & (hu > AIR_HU)
    mask.sum(axis=(1, 2)).nonzero()[0].tolist()


WORKS = {"dicom": read_series, "zraw": sitk.ReadImage, "raw": sitk.ReadImage, "truth": book_truth}

print(json.dumps({"simpleitk": sitk.Version.VersionString(), "capability": torch.backends.cpu.get_cpu_capability()}), flush=True)
for line in sys.stdin:
    ask = json.loads(line)
    if ask["work"] == "truth":
        scan_of(files["truth"])
    start = time.perf_counter()
    for _ in range(ask["steps"]):
        WORKS[ask["work"]](files[ask["work"]])
    print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
