"""Processor time per slice of a scan in PyTorch on one thread: the peer of bench/segmentRows.mjs.

    python segment.py VARIANT SLICES HEIGHT WIDTH

The book's way stacks seven slices of a scan, clips them and runs one whole slice after the other. The other variants
get crops in batches of four, and are compiled before the time is taken.
"""

import json
import sys
import time

import torch

from inference import VARIANTS, Inference, book_scan, compiled_crop

CONTEXT = 3


def stacks(scan: torch.Tensor) -> torch.Tensor:
    """Returns [N, 7, H, W] of a scan [N, H, W], with its edge slices repeated, clipped to 1000 HU."""
    last = len(scan) - 1
    index = [[min(max(at + step, 0), last) for step in range(-CONTEXT, CONTEXT + 1)] for at in range(len(scan))]
    return scan[torch.tensor(index)].float().clamp(-1000, 1000)


def main() -> None:
    variant, slices, height, width = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.manual_seed(1)
    scan = torch.randint(-1000, 400, (slices, height, width), dtype=torch.int16)
    net = Inference(**VARIANTS[variant])
    run = book_scan if variant == "book" else compiled_crop
    run(stacks(scan)[:4], net)
    start = time.process_time()
    run(stacks(scan), net)
    print(json.dumps({"msPerSlice": 1000 * (time.process_time() - start) / slices}))


if __name__ == "__main__":
    main()
