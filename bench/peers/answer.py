"""The peers' end of the protocol of bench/side.mjs: answers JSON lines on stdin with the seconds that the work took."""

import json
import sys
import time

import torch


def answer_requests(versions, prepare, clock=time.perf_counter):
    """Answers each request. `prepare` returns the function that does one step."""
    capability = torch.backends.cpu.get_cpu_capability()
    print(json.dumps({**versions, "capability": capability}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        step = prepare(request)
        start = clock()
        for _ in range(request["steps"]):
            step()
        print(json.dumps({"seconds": clock() - start}), flush=True)
