"""The Python side of fine-tune.mjs.

    python fine-tune.py make IN.pt      saves a checkpoint after a few steps
    python fine-tune.py check OUT.pt    loads what fine-tune.mjs wrote and trains one more step
"""

import sys

import torch
from torch import nn


class Segmenter(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        first = self.norm1(self.conv1(x)).relu()
        return self.head(self.conv2(first).relu()).sigmoid()


def batch(step, size=16):
    i = torch.arange(4 * size * size)
    sample, row, column = i // size**2, i // size % size, i % size
    corner = (3 * sample + step) % 9
    target = ((row >= corner) & (row < corner + 6) & (column >= corner) & (column < corner + 6)).float()
    image = target + ((i * 7919) % 13 - 6) / 10
    return image.reshape(4, 1, size, size), target.reshape(4, 1, size, size)


def train(net, adam, step):
    image, target = batch(step)
    p = net(image)
    overlap = (p * target).sum((1, 2, 3))
    loss = (1 - (2 * overlap + 1) / (p.sum((1, 2, 3)) + target.sum((1, 2, 3)) + 1)).mean()
    adam.zero_grad()
    loss.backward()
    adam.step()
    return loss.item()


job, path = sys.argv[1:]
torch.manual_seed(3)
net = Segmenter()
adam = torch.optim.Adam(net.parameters(), lr=0.01)
if job == "make":
    losses = [train(net, adam, step) for step in range(5)]
    torch.save({"model": net.state_dict(), "optimizer": adam.state_dict(), "epoch": 1}, path)
    print(f"loss {losses[0]:.4f} -> {losses[-1]:.4f}")
else:
    checkpoint = torch.load(path, weights_only=True)
    net.load_state_dict(checkpoint["model"])
    adam.load_state_dict(checkpoint["optimizer"])
    step = int(adam.state[net.conv1.weight]["step"])
    print(f"epoch {checkpoint['epoch']}, step {step}, loss {train(net, adam, 60):.4f}")
