"""Scores lists of marks by the rule of LUNA16, written from the rule as docs/guide/froc.md states it, by brute force.

Reads a JSON list of cases from standard input and prints one JSON line for each. A case has scans (uid, nodules and
excluded as [x, y, z, diameter or null], marks as [x, y, z, probability]), maximum, bootstraps and seed.
"""

import json
import sys

import numpy as np

RATES = [0.125, 0.25, 0.5, 1, 2, 4, 8]


def hit(marks, finding):
    """Which marks [n, 4] lie inside the sphere of a finding [x, y, z, diameter]."""
    diameter = 10.0 if finding[3] is None else finding[3]
    offset = marks[:, :3] - np.array(finding[:3], float)
    return (offset**2).sum(axis=1) < (diameter / 2) ** 2


def outcome(scan, maximum):
    """Best probability of each nodule (NaN without a hit), and the probabilities of the false positives."""
    marks = np.array(scan["marks"], float).reshape(-1, 4)
    if maximum and len(marks) > maximum:
        first_beyond = np.sort(marks[:, 3])[::-1][maximum]
        marks = marks[marks[:, 3] > first_beyond]
    on_nodule = np.zeros(len(marks), bool)
    on_excluded = np.zeros(len(marks), bool)
    best = []
    for nodule in scan["nodules"]:
        hits = hit(marks, nodule)
        on_nodule |= hits
        best.append(marks[hits, 3].max() if hits.any() else np.nan)
    for finding in scan["excluded"]:
        on_excluded |= hit(marks, finding)
    return np.array(best, float), marks[~on_nodule & ~on_excluded, 3]


def curve(best, false, scans):
    """Operating points of all thresholds: [threshold, false positives per scan, sensitivity], counted one by one."""
    found = best[~np.isnan(best)]
    thresholds = np.unique(np.concatenate([found, false]))[::-1]
    rows = [[t, (false >= t).sum() / scans, (found >= t).sum() / len(best) if len(best) else np.nan] for t in thresholds]
    return np.array(rows, float).reshape(-1, 3)


def at_rates(points):
    """np.interp takes the last of several points at one rate, and the last value beyond the end."""
    return np.interp(RATES, np.concatenate([[0], points[:, 1]]), np.concatenate([[0], points[:, 2]]))


def random_numbers(seed):
    """The generator that our bootstrap draws from (mulberry32)."""
    state = seed & 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        yield ((t ^ (t >> 14)) & 0xFFFFFFFF) / 2**32


def intervals(outcomes, bootstraps, seed):
    """Interval [low, high] at each rate and of the CPM; None if no sample has a nodule."""
    draw = random_numbers(seed)
    values = []
    for _ in range(bootstraps):
        sample = [outcomes[int(next(draw) * len(outcomes))] for _ in outcomes]
        best = np.concatenate([one for one, _ in sample])
        if len(best) > 0:
            seven = at_rates(curve(best, np.concatenate([false for _, false in sample]), len(sample)))
            values.append([*seven, seven.mean()])
    return np.quantile(values, [0.025, 0.975], axis=0).T.tolist() if values else None


for case in json.load(sys.stdin):
    outcomes = [outcome(scan, case["maximum"]) for scan in case["scans"]]
    best = np.concatenate([one for one, _ in outcomes])
    false = np.concatenate([one for _, one in outcomes])
    points = curve(best, false, len(outcomes))
    known = len(best) > 0
    seven = at_rates(points) if known else None
    print(
        json.dumps(
            {
                "curve": [[None if np.isnan(value) else value for value in row] for row in points],
                "sensitivities": seven.tolist() if known else [None] * 7,
                "cpm": seven.mean() if known else None,
                "intervals": intervals(outcomes, case["bootstraps"], case["seed"]) if known and len(outcomes) >= 10 else None,
                "found": int((~np.isnan(best)).sum()),
                "falsePositives": len(false),
            }
        )
    )
