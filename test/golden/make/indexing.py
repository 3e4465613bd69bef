"""Writes ../indexing.json for test/native/torch/index-tensor.test.ts: numpy's ranges over five places, and torch's mixed indexing of arange(60) as [3, 4, 5].

An item is a number, [start, end, step], null for all, {"int64": positions} or {"bool": mask}.
"""

import itertools
import json
import pathlib

import numpy as np
import torch

SIZE = 5
PLACES = [None, *range(-7, 8)]
STEPS = [-6, -3, -2, -1, 1, 2, 3, 6]
five = np.arange(SIZE)
ranges = [''.join(map(str, five[start:end:step])) for start, end, step in itertools.product(PLACES, PLACES, STEPS)]

x = torch.arange(60).reshape(3, 4, 5)
ITEMS = [
    [1], [-1], [1, 2], [1, -2, 3], [[1, 3]], [None, [None, None, 2]], [2, [1, None], [None, 2]], [None, None, -1], [[-2, None], None, [0, -1, 3]],
    [{'int64': [0, 2]}], [None, {'int64': [3, 0, -1]}], [{'int64': [0, 2]}, {'int64': [1, 3]}], [{'int64': [[0], [2]]}, {'int64': [1, 3]}],
    [{'int64': [0, 2]}, None, {'int64': [1, 4]}], [0, {'int64': [0, 1]}, [1, 4, 2]], [{'bool': [True, False, True]}], [None, {'bool': [True, False, False, True]}, 2],
    [{'bool': [[True, False, True, False]] * 3}, 1], [[1, 1]], [{'int64': []}],
]


def item_of(item):
    if isinstance(item, dict):
        (dtype, values), = item.items()
        return torch.tensor(values, dtype=getattr(torch, dtype))
    if isinstance(item, list):
        return slice(*item)
    return slice(None) if item is None else item


mixed = []
for items in ITEMS:
    result = x[tuple(item_of(item) for item in items)]
    mixed.append([items, list(result.shape), result.reshape(-1).tolist()])

target = pathlib.Path(__file__).parent.parent / 'indexing.json'
target.write_text(json.dumps({'size': SIZE, 'places': PLACES, 'steps': STEPS, 'ranges': ranges, 'mixed': mixed}, separators=(',', ':')) + '\n')
