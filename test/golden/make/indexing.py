"""Writes ../indexing.json for test/native/torch/index-tensor.test.ts: numpy's ranges over five places, and torch's mixed indexing of arange(60) as [3, 4, 5].

An item is a position, ":", "...", true or false, null for a new dimension, {"slice": [start, end, step]}, {"int64": positions} or {"bool": mask}
for tensors, or a list. "set" has the values of the whole tensor after arange(100, 100 + n), in the shape of the index, was written to the items.
"""

import itertools
import json
import pathlib
import random

import numpy as np
import torch

SIZE = 5
PLACES = [None, *range(-7, 8)]
STEPS = [-6, -3, -2, -1, 1, 2, 3, 6]
five = np.arange(SIZE)
ranges = [''.join(map(str, five[start:end:step])) for start, end, step in itertools.product(PLACES, PLACES, STEPS)]

x = torch.arange(60).reshape(3, 4, 5)
S = lambda *edges: {'slice': list(edges)}
ITEMS = [
    [1], [-1], [1, 2], [1, -2, 3], [S(1, 3)], [':', S(None, None, 2)], [2, S(1, None), S(None, 2)], [':', ':', -1], [S(-2, None), ':', S(0, -1, 3)],
    [{'int64': [0, 2]}], [':', {'int64': [3, 0, -1]}], [{'int64': [0, 2]}, {'int64': [1, 3]}], [{'int64': [[0], [2]]}, {'int64': [1, 3]}],
    [{'int64': [0, 2]}, ':', {'int64': [1, 4]}], [0, {'int64': [0, 1]}, S(1, 4, 2)], [{'bool': [True, False, True]}], [':', {'bool': [True, False, False, True]}, 2],
    [{'bool': [[True, False, True, False]] * 3}], [S(1, 1)], [{'int64': []}],
    [[0, 2]], [[2]], [[1, 1, 0, -1]], [':', [3, 0]], [[0, 1], [2, 3]], [[[0, 1], [1, 2]]], [[True, False, True]], [[]], [[0, 2], S(None, None, 2), [1, 3]],
    [None], [':', None], [None, 1], [1, None, S(1, 3), None], [..., None], [None, ...], [..., 0], [0, ..., 1], [...], [..., ':'], [':', ..., ':', ':'],
    [..., [0, 4]], [..., {'int64': [1, 1]}, 2], [True], [False], [1, True], [True, 1], [..., True], [True, [0, 1]], [None, [0, 2], None], [{'bool': True}], [{'bool': False}, 1], [{'int64': 2}],
    [':', {'int64': -1}], [None, {'bool': [[True, False, True, False]] * 3}], [..., {'bool': [[True, False, True, False, False]] * 4}], [[2, 0], ..., [1, 1]], [0, [True, False, True, False], S(0, 2)],
    [{'bool': [[True, False, True, False]] * 3}, 1], [{'bool': [[True, False, True, False]] * 3}, S(1, 3)], [{'bool': [[True, False, True, False]] * 3}, None],
    [S(None, 0)], [S(5, 9)], [[[0]], [[1], [3]]], [None, None, 0, 0, 0], [0, 0, 0],
]
sources = random.Random(16)


def random_item():
    edge = lambda: sources.choice([None, -3, -1, 0, 1, 2, 7])
    return sources.choice([
        sources.randint(-3, 2), ':', None, S(edge(), edge(), sources.choice([None, 1, 2])), [sources.randint(-3, 2) for _ in range(2)],
        {'int64': [sources.randint(-3, 2) for _ in range(2)]}, sources.choice([True, False]),
    ])


def random_items():
    items = [random_item() for _ in range(sources.randint(1, 4))]
    if sources.random() < 0.4:
        items.insert(sources.randint(0, len(items)), ...)
    return items


def item_of(item):
    if isinstance(item, dict):
        (kind, values), = item.items()
        return slice(*values) if kind == 'slice' else torch.tensor(values, dtype=getattr(torch, kind))
    return slice(None) if item == ':' else item


mixed = []
for items in ITEMS + [random_items() for _ in range(300)]:
    index = tuple(item_of(item) for item in items)
    try:
        result = x[index]
    except IndexError:
        continue
    written = x.clone()
    values = torch.arange(100, 100 + result.numel()).reshape(result.shape)
    written[index] = values
    # Where a place is written twice, any of the values may remain.
    once = int((written != x).sum()) == result.numel()
    named = ['...' if item is ... else item for item in items]
    mixed.append([named, list(result.shape), result.reshape(-1).tolist(), written.reshape(-1).tolist() if once else None])

target = pathlib.Path(__file__).parent.parent / 'indexing.json'
target.write_text(json.dumps({'size': SIZE, 'places': PLACES, 'steps': STEPS, 'ranges': ranges, 'mixed': mixed}, separators=(',', ':')) + '\n')
print(len(mixed))
