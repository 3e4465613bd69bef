"""Small operators in eager PyTorch, the peer of bench/operators.mjs. Measures processor time."""

import time

import torch

from answer import answer_requests

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

answer_requests({"torch": torch.__version__}, lambda request: WORKS[request["work"]], time.process_time)
