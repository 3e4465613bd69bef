"""Scores of a predicted nodule, straight from their definitions with numpy and scipy.

Reads cases as JSON from standard input and writes one object of scores per case. With --monai, surface Dice and HD95
are MONAI's.
"""

import json
import sys

import numpy as np
from scipy import ndimage

SAME = 1e-9


def mask_of(positions, shape):
    mask = np.zeros(np.prod(shape), bool)
    mask[positions] = True
    return mask.reshape(shape)


def surface_distances(mask, other, mm):
    """Distances from each surface voxel of a mask to the nearest one of another."""
    edge = mask & ~ndimage.binary_erosion(mask)
    other_edge = other & ~ndimage.binary_erosion(other)
    return ndimage.distance_transform_edt(~other_edge, sampling=mm)[edge]


def surface_scores(predicted, truth, mm):
    there, back = surface_distances(predicted, truth, mm), surface_distances(truth, predicted, mm)
    near = (there <= 1 + SAME).sum() + (back <= 1 + SAME).sum()
    return near / (there.size + back.size), max(np.percentile(there, 95), np.percentile(back, 95))


def monai_scores(predicted, truth, mm):
    import torch
    from monai.metrics import compute_hausdorff_distance, compute_surface_dice

    one, two = (torch.from_numpy(mask[None, None].astype("float32")) for mask in (predicted, truth))
    options = {"include_background": True, "spacing": list(mm)}
    return (
        float(compute_surface_dice(one, two, class_thresholds=[1 + SAME], **options)),
        float(compute_hausdorff_distance(one, two, percentile=95, **options)),
    )


def axes(mask, mm):
    """Long and short axis in the slice with the largest long axis, by comparing all pixels with all."""
    step = np.array([mm[2], mm[1]])
    best = (0.0, 0.0)
    for plane in mask[mask.any(axis=(1, 2))]:
        rows, columns = np.nonzero(plane)
        points = np.stack([columns, rows], 1) * step
        apart = points[None] - points[:, None]
        distance = np.hypot(apart[..., 0], apart[..., 1])
        most = distance.max()
        for a, b in np.argwhere(distance >= most * (1 - SAME)):
            if a > b:
                continue
            along = apart[a, b] / most if most > 0 else np.array([1.0, 0.0] if step[0] >= step[1] else [0.0, 1.0])
            across = np.array([-along[1], along[0]])
            pixel = np.hypot(*(along * step))
            beside = np.abs(apart @ along) <= pixel * (1 + SAME)
            width = np.abs(apart @ across)[beside].max()
            long, short = sorted([most + pixel, width + np.hypot(*(across * step))], reverse=True)
            if long < best[0] * (1 - SAME):
                continue
            if long > best[0] * (1 + SAME) or short > best[1]:
                best = (max(long, best[0]), short)
    return best


def scores(case, surfaces):
    shape, spacing = case["shape"], case["spacing"]
    mm = spacing[::-1]
    predicted, truth = mask_of(case["predicted"], shape), mask_of(case["truth"], shape)
    surface_dice, hd95 = surfaces(predicted, truth, mm)
    voxels = int(predicted.sum()) - int(truth.sum())
    (long, short), (true_long, true_short) = axes(predicted, mm), axes(truth, mm)
    return {
        "iou": (predicted & truth).sum() / (predicted | truth).sum(),
        "surfaceDice1mm": surface_dice,
        "hd95Mm": hd95,
        "volumeErrorMm3": voxels * np.prod(spacing),
        "volumeErrorShare": voxels / truth.sum(),
        "longAxisErrorMm": long - true_long,
        "shortAxisErrorMm": short - true_short,
    }


surfaces = monai_scores if "--monai" in sys.argv else surface_scores
json.dump([{name: float(value) for name, value in scores(case, surfaces).items()} for case in json.load(sys.stdin)], sys.stdout)
