"""A plain PyTorch training loop as the other side of the bench: one thread, commands as JSON lines on stdin.

Each command is timed here, without the pipe: {"work", "variant", "batch", "size", "steps"} -> {"seconds"}.
"""

import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch

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
    """One network with its optimizer, stepped on a given batch or on fresh crops."""

    def __init__(self, scan: Scan, variant: str) -> None:
        how = VARIANTS[variant]
        torch.manual_seed(1)
        self.scan, self.draw = scan, np.random.default_rng(1)
        self.layout = torch.channels_last if how["channels_last"] else torch.contiguous_format
        self.bf16 = how["bf16"]
        self.net = Network().to(memory_format=self.layout)
        # `Adam(parameters)` is the book's way; on the CPU its default is one small operator after the other.
        self.adam = torch.optim.Adam(self.net.parameters(), fused=True) if how["fused"] else torch.optim.Adam(self.net.parameters())
        self.given = {}

    def step(self, image: torch.Tensor, label: torch.Tensor) -> None:
        with torch.autocast("cpu", torch.bfloat16) if self.bf16 else nullcontext():
            probability = self.net(image.to(memory_format=self.layout))
        self.adam.zero_grad()
        loss = book_loss(probability.float(), label)
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            hit, wanted = probability > 0.5, label > 0.5
            self.counts = torch.stack([(hit & wanted).sum(), (~hit & wanted).sum(), (hit & ~wanted).sum(), loss.detach()])

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
            raise ValueError(f"no work called {work}")


def main() -> None:
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    scan = Scan(Path(sys.argv[1]))
    trainers = {}
    capability = torch.backends.cpu.get_cpu_capability()
    print(json.dumps({"torch": torch.__version__, "capability": capability, "variants": list(VARIANTS)}), flush=True)
    for line in sys.stdin:
        ask = json.loads(line)
        if ask["variant"] not in trainers:
            trainers[ask["variant"]] = Trainer(scan, ask["variant"])
        trainer = trainers[ask["variant"]]
        start = time.perf_counter()
        for _ in range(ask["steps"]):
            trainer.run(ask["work"], ask["batch"], ask["size"])
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


if __name__ == "__main__":
    main()
