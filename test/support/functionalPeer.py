"""Calls torch.nn.functional with the cases that test/native/torch/functional.test.ts writes to standard input."""

import json
import re
import sys
import warnings

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
warnings.filterwarnings("ignore")


def snake(name):
    return re.sub("[A-Z]", lambda match: "_" + match[0].lower(), name)


def tensor(recipe):
    """As the test makes it: exact in float64."""
    numel = 1
    for size in recipe["shape"]:
        numel *= size
    values = (torch.arange(numel, dtype=torch.float64) * 37 + recipe.get("seed", 0) * 11) % 23
    kind = recipe.get("kind", "float")
    if kind == "label":
        values = (values % recipe["classes"]).long()
    elif kind == "bool":
        values = values > 9
    elif kind == "probability":
        values = (values + 1) / 25
    else:
        values = (values - 11) / 8
    made = values.reshape(recipe["shape"])
    return made.requires_grad_() if made.is_floating_point() and recipe.get("grad", True) else made


def given(value, made):
    if isinstance(value, dict) and "shape" in value:
        made.append(tensor(value))
        return made[-1]
    return value


def flat(value):
    return [float(x) for x in value.detach().double().reshape(-1).tolist()]


def run(case):
    torch.manual_seed(3)
    made = []
    args = [given(value, made) for value in case["args"]]
    named = {snake(key): given(value, made) for key, value in case.get("options", {}).items()}
    if isinstance(named.get("dtype"), str):
        named["dtype"] = getattr(torch, named["dtype"])
    result = getattr(F, snake(case["name"]))(*args, **named)
    outputs = list(result) if isinstance(result, tuple) else [result]
    if outputs[0].requires_grad:
        (outputs[0] * outputs[0]).sum().backward()
    return {
        "outputs": [[list(t.shape), str(t.dtype).removeprefix("torch."), flat(t)] for t in outputs],
        "gradients": [None if t.grad is None else flat(t.grad) for t in made],
        "tensors": [flat(t) for t in made],
    }


json.dump([run(case) for case in json.load(sys.stdin)], sys.stdout)
