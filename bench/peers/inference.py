"""Inference in PyTorch on one thread, eager and compiled: the peer of bench/inference.mjs."""

import time
from contextlib import nullcontext

import torch

from answer import answer_requests
from network import Network

# `freezing` lets the compiler lay the weights out once.
VARIANTS = {
    "book": {},
    "channels-last": {"channels_last": True},
    "bf16": {"bf16": True},
    "bf16 channels-last": {"bf16": True, "channels_last": True},
    "compiled": {"compiled": True},
    "compiled channels-last": {"compiled": True, "channels_last": True},
    "compiled frozen": {"compiled": True, "freezing": True},
    "compiled bf16": {"compiled": True, "bf16": True},
    "compiled bf16 frozen": {"compiled": True, "freezing": True, "bf16": True},
    "compiled bf16 channels-last": {"compiled": True, "bf16": True, "channels_last": True},
}


class Inference:
    """The book's network in evaluation mode, run as a variant says. Compiling happens in the first call for a shape."""

    def __init__(self, compiled=False, freezing=False, channels_last=False, bf16=False) -> None:
        torch.manual_seed(1)
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        self.net = Network().eval().to(memory_format=self.layout)
        self.bf16 = bf16
        self.call = self.net
        if compiled:
            self.call = torch.compile(self.net, dynamic=False, options={"freezing": freezing})

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16) if self.bf16 else nullcontext():
            return self.call(image.to(memory_format=self.layout))


def book_scan(slices: torch.Tensor, net: Inference | None = None) -> torch.Tensor:
    """Returns [N, 1, H, W] for the slices [N, 7, H, W], whole and one at a time, as the book's nodule analysis does."""
    net = net or Inference()
    return torch.cat([net(one[None]) for one in slices])


def compiled_crop(crops: torch.Tensor, net: Inference, batch: int = 4) -> torch.Tensor:
    """Returns [N, 1, H, W] for the crops [N, 7, H, W] in batches. `net` has a variant that is compiled."""
    return torch.cat([net(part).float() for part in crops.split(batch)])


def main() -> None:
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    # All variants share one `forward`; at the default limit the ninth would silently run uncompiled.
    torch._dynamo.config.recompile_limit = 256
    torch._dynamo.config.fail_on_recompile_limit_hit = True
    nets, images = {}, {}

    def prepare(request):
        variant, shape = request["variant"], (request["batch"], 7, *request["size"])
        # A network for each shape: with `freezing` one compiled for another shape is not found again.
        if (variant, shape) not in nets:
            nets[variant, shape] = Inference(**VARIANTS[variant])
            images.setdefault(shape, torch.randn(shape))
        return lambda: nets[variant, shape](images[shape])

    answer_requests({"torch": torch.__version__}, prepare, time.process_time)


if __name__ == "__main__":
    main()
