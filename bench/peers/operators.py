"""Small operators in eager PyTorch, the other side of bench/operators.mjs: {"work", "steps"} -> {"seconds"} of processor time."""

import json
import sys
import time

import torch

torch.set_num_threads(1)
a = torch.tensor([[0.1, 0.2], [0.3, 0.4]])
b = torch.tensor([[0.5, 0.6], [0.7, 0.8]])
total = torch.zeros(2, 2)


def chain():
    x = a
    for _ in range(4):
        x = x.mm(b).add(a).sigmoid().mul(b).tanh()
    return x


WORKS = {
    "add": lambda: a.add(b),
    "mm": lambda: a.mm(b),
    "ops.add": lambda: torch.add(a, b),
    "add_": lambda: total.add_(b),
    "shape": lambda: len(a.shape),
    "shape of a new tensor": lambda: len(a.add(b).shape),
    "add a number": lambda: a.add(1.5),
    "chain": chain,
}

print(json.dumps({"torch": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}), flush=True)
for line in sys.stdin:
    ask = json.loads(line)
    work = WORKS[ask["work"]]
    start = time.process_time()
    for _ in range(ask["steps"]):
        work()
    print(json.dumps({"seconds": time.process_time() - start}), flush=True)
