"""Makes test/golden/shared-scans.json: what SimpleITK says of every scan and mask in ../shared/data/formats and luna16.

Run from the repository's root with a Python that has SimpleITK and numpy: python test/golden/make/shared-scans.py
The file holds geometry, range and a hash of each, nothing of the images. The hash is sha256 of the values as int16, little endian, columns running fastest.
"""

import hashlib
import json
import pathlib

import numpy as np
import SimpleITK as sitk

data = pathlib.Path("../shared/data")
endings = (".mhd", ".mha", ".nrrd", ".nii.gz")
cases = []
for path in sorted(p for folder in ("formats", "luna16") for p in (data / folder).rglob("*") if p.name.endswith(endings)):
    case = {"file": path.relative_to(data).as_posix()}
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError:
        cases.append({**case, "readable": False})
        continue
    values = sitk.GetArrayFromImage(image)
    whole = values.astype("<i2")
    assert (whole == values).all(), path
    cases.append(
        {
            **case,
            "readable": True,
            "size": image.GetSize(),
            "spacing": image.GetSpacing(),
            "origin": image.GetOrigin(),
            "direction": np.array(image.GetDirection()).reshape(3, 3).tolist(),
            "range": [int(values.min()), int(values.max())],
            "sha256": hashlib.sha256(whole.tobytes()).hexdigest(),
        }
    )
pathlib.Path("test/golden/shared-scans.json").write_text(
    '{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n"
)
print(len(cases), "files")
