"""Derivatives and clipping in PyTorch, for test/native/torch/autograd.test.ts."""

import json

import torch

x = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
y = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64, requires_grad=True)
g = torch.tensor([1.0, 0.0, -1.0], dtype=torch.float64)
first, other = torch.autograd.grad((x**3 * y).sin(), (x, y), g, create_graph=True)
second = torch.autograd.grad(first.sum(), (x, y), create_graph=True)
(third,) = torch.autograd.grad(second[0].square().sum(), x)
(product,) = torch.autograd.grad(torch.autograd.grad((x.prod() * y.exp()).sum(), x, create_graph=True)[0], x, g)
x.sum().backward()
(x * y).backward(g, inputs=[x])
clipped = {}
for norm in (1.0, 2.0, 3.5, float("inf")):
    parameters = [torch.zeros(4, requires_grad=True), torch.zeros(2, 3, requires_grad=True), torch.zeros(1)]
    parameters[0].grad = torch.arange(4, dtype=torch.float32) - 1.5
    parameters[1].grad = torch.arange(6, dtype=torch.float32).view(2, 3) / 3
    total = torch.nn.utils.clip_grad_norm_(parameters, 1.25, norm)
    torch.nn.utils.clip_grad_value_(parameters, 0.3)
    clipped[str(norm)] = [total.item(), *parameters[0].grad.tolist(), *parameters[1].grad.flatten().tolist()]
print(json.dumps({
    "first": first.tolist(), "other": other.tolist(), "second": [one.tolist() for one in second],
    "third": third.tolist(), "product": product.tolist(), "accumulated": x.grad.tolist(), "clipped": clipped,
}))
