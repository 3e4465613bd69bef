"""SimpleITK's readers and ground truth in numpy, the peer of bench/files.mjs. files.json lists the files."""

import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from answer import answer_requests

files = json.loads((Path(sys.argv[1]) / "files.json").read_text())
AIR_HU = -700


def read_series(folder: str) -> None:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    reader.Execute()


@cache
def scan_of(path: str) -> tuple[np.ndarray, list[tuple[int, int, int]]]:
    """Returns float32 HU [slices, rows, columns] and the index of each annotated point. Cached, so it is not timed."""
    image = sitk.ReadImage(path)
    points = [image.TransformPhysicalPointToIndex(a["center"])[::-1] for a in files["annotations"]]
    return sitk.GetArrayFromImage(image).astype(np.float32).clip(-1000, 1000), points


def reach(hu: np.ndarray, point: tuple[int, int, int], axis: int) -> int:
    """Returns the number of steps from the point until either side is air, at least 2."""
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
    """Labels a box around each point up to the first air, thresholds the whole scan, and lists the labelled slices."""
    hu, points = scan_of(path)
    boxes = np.zeros(hu.shape, bool)
    for point in points:
        sides = [reach(hu, point, axis) for axis in range(3)]
        boxes[tuple(slice(max(0, p - s), p + s + 1) for p, s in zip(point, sides))] = True
    mask = boxes & (hu > AIR_HU)
    mask.sum(axis=(1, 2)).nonzero()[0].tolist()


WORKS = {"dicom": read_series, "zraw": sitk.ReadImage, "raw": sitk.ReadImage, "truth": book_truth}


def prepare(request):
    work = request["work"]
    if work == "truth":
        scan_of(files["truth"])
    return lambda: WORKS[work](files[work])


answer_requests({"simpleitk": sitk.Version.VersionString()}, prepare)
