"""Calls methods of torch.Tensor. Reads {tensors, calls} from standard input and prints a list of results.

A call is [tensor, method, arguments, named arguments]; an argument {"t": name} is a tensor, {"t": [names]} a list."""

import json
import sys

import torch

spec = json.load(sys.stdin)
torch.set_num_threads(1)


def make(entry):
    return torch.tensor(entry["values"], dtype=getattr(torch, entry["dtype"]))


def argument(value):
    if isinstance(value, dict):
        name = value["t"]
        return tensors[name] if isinstance(name, str) else tuple(tensors[one] for one in name)
    return value


def plain(value):
    if isinstance(value, torch.Tensor):
        if value.is_complex():
            value = torch.view_as_real(value)
        return {"shape": list(value.shape), "dtype": str(value.dtype)[6:], "values": value.double().flatten().tolist()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


results = []
for tensor, method, args, named in spec["calls"]:
    tensors = {name: make(entry) for name, entry in spec["tensors"].items()}
    torch.manual_seed(11)
    try:
        x = tensors[tensor]
        keywords = {key: getattr(torch, value) if key == "dtype" else argument(value) for key, value in named.items()}
        values = [argument(value) for value in args]
        function = getattr(x, method, None)
        results.append(plain(function(*values, **keywords) if function else getattr(torch, method)(x, *values, **keywords)))
    except Exception as error:
        results.append({"error": f"{type(error).__name__}: {error}"})
print(json.dumps(results))
