"""SimpleITK's readers as the other side of the bench, commands as JSON lines on stdin; the folder's files.json says where the files lie.

Each command is timed here, without the pipe: {"work", "variant", "steps"} -> {"seconds"}.
"""

import json
import sys
import time
from pathlib import Path

import SimpleITK as sitk
import torch

files = json.loads((Path(sys.argv[1]) / "files.json").read_text())


def read_series(folder: str) -> None:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    reader.Execute()


WORKS = {"dicom": read_series}

print(json.dumps({"simpleitk": sitk.Version.VersionString(), "capability": torch.backends.cpu.get_cpu_capability()}), flush=True)
for line in sys.stdin:
    ask = json.loads(line)
    start = time.perf_counter()
    for _ in range(ask["steps"]):
        WORKS[ask["work"]](files[ask["work"]])
    print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)
