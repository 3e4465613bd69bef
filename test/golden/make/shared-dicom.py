"""Makes test/golden/shared-dicom.json: what SimpleITK says of every DICOM series in ../shared/data/dicom.

Run from the repository's root with a Python that has SimpleITK and numpy: python test/golden/make/shared-dicom.py
The file holds geometry, range and a hash of each, nothing of the images and nothing of the patients. The hash is sha256 of the values as int16, little
endian, columns running fastest.
"""

import hashlib
import json
import pathlib

import numpy as np
import SimpleITK as sitk

data = pathlib.Path("../shared/data")
cases = []
for folder in sorted(p for p in (data / "dicom").iterdir() if p.is_dir()):
    for uid in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)):
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), uid))
        image = reader.Execute()
        values = sitk.GetArrayFromImage(image)
        whole = values.astype("<i2")
        assert (whole == values).all(), folder
        cases.append(
            {
                "folder": folder.relative_to(data).as_posix(),
                "uid": uid,
                "size": image.GetSize(),
                "spacing": image.GetSpacing(),
                "origin": image.GetOrigin(),
                "direction": np.array(image.GetDirection()).reshape(3, 3).tolist(),
                "range": [int(values.min()), int(values.max())],
                "sha256": hashlib.sha256(whole.tobytes()).hexdigest(),
            }
        )
pathlib.Path("test/golden/shared-dicom.json").write_text(
    '{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n"
)
print(len(cases), "series")
