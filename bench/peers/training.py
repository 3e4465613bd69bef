"""A plain PyTorch training loop on one thread, the peer of bench/training.mjs."""

import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch

from answer import answer_requests
from crops import Scan, augment, batch_of
from network import Network, book_loss

VARIANTS = {
    "book": {"fused": False, "channels_last": False, "bf16": False},
    "float32": {"fused": True, "channels_last": False, "bf16": False},
    "channels-last": {"fused": True, "channels_last": True, "bf16": False},
    "bf16": {"fused": True, "channels_last": False, "bf16": True},
    "bf16 channels-last": {"fused": True, "channels_last": True, "bf16": True},
}


class Trainer:
    """A network with its optimizer, trained on one fixed batch or on new crops."""

    def __init__(self, scan: Scan, variant: str) -> None:
        how = VARIANTS[variant]
        torch.manual_seed(1)
        self.scan, self.draw = scan, np.random.default_rng(1)
        self.layout = torch.channels_last if how["channels_last"] else torch.contiguous_format
        self.bf16 = how["bf16"]
        self.net = Network().to(memory_format=self.layout)
        # The book calls `Adam(parameters)`, which on the CPU runs one small operator after the other.
        options = {"fused": True} if how["fused"] else {}
        self.adam = torch.optim.Adam(self.net.parameters(), **options)
        self.given = {}

    def step(self, image: torch.Tensor, label: torch.Tensor) -> None:
        with torch.autocast("cpu", torch.bfloat16) if self.bf16 else nullcontext():
            probability = self.net(image.to(memory_format=self.layout))
        self.adam.zero_grad()
        loss = book_loss(probability.float(), label)
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            hit, true = probability > 0.5, label > 0.5
            counts = [(hit & true).sum(), (~hit & true).sum(), (hit & ~true).sum()]
            self.counts = torch.stack([*counts, loss.detach()])

    def batch(self, batch: int, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        if (batch, size) not in self.given:
            self.given[batch, size] = batch_of(self.scan, self.draw, batch, size)
        return self.given[batch, size]

    def run(self, work: str, batch: int, size: int) -> None:
        if work == "step":
            self.step(*self.batch(batch, size))
        elif work == "loop":
            self.step(*augment(*batch_of(self.scan, self.draw, batch, size), self.draw))
        elif work == "crop":
            augment(*batch_of(self.scan, self.draw, batch, size), self.draw)
        elif work == "slice":
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16) if self.bf16 else nullcontext():
                self.net.eval()(self.batch(batch, size)[0].to(memory_format=self.layout))
            self.net.train()
        else:
            raise ValueError(f"running the training bench: unknown work {work}")


def main() -> None:
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    scan = Scan(Path(sys.argv[1]))
    trainers = {}

    def prepare(request):
        variant = request["variant"]
        if variant not in trainers:
            trainers[variant] = Trainer(scan, variant)
        return lambda: trainers[variant].run(request["work"], request["batch"], request["size"])

    answer_requests({"torch": torch.__version__}, prepare)


if __name__ == "__main__":
    main()
