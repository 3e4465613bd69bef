"""Makes test/golden/metaimage/: small MetaImage files as SimpleITK writes them, and what SimpleITK says of each.

Run from the repository's root with a Python that has SimpleITK and numpy: python test/golden/make/metaimage.py
"""

import json
import math
import pathlib

import numpy as np
import SimpleITK as sitk

out = pathlib.Path("test/golden/metaimage")
out.mkdir(parents=True, exist_ok=True)
shape = (3, 4, 5)  # slices, rows, columns


def rotation(axis, degrees):
    axis = np.array(axis, float) / np.linalg.norm(axis)
    x, y, z = axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    a = math.radians(degrees)
    return np.eye(3) + math.sin(a) * k + (1 - math.cos(a)) * k @ k


directions = {
    "identity": np.eye(3),
    "flipped": np.diag([1.0, -1.0, -1.0]),
    "sagittal": np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]),
    "tilted": rotation([1, 0, 0], 15),
    "any": rotation([1, 2, 3], 77) @ np.diag([1.0, 1.0, -1.0]),
}
types = {
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "uint16": np.uint16,
    "int32": np.int32,
    "uint32": np.uint32,
    "int64": np.int64,
    "uint64": np.uint64,
    "float32": np.float32,
    "float64": np.float64,
}


def values(dtype):
    numbers = (np.arange(60) * 37 % 61).reshape(shape)
    return (numbers - (30 if np.dtype(dtype).kind in "if" else 0)).astype(dtype)


def image(dtype, direction):
    result = sitk.GetImageFromArray(values(dtype))
    result.SetSpacing((0.703125, 0.8203125, 2.5))
    result.SetOrigin((-166.0, -171.7, -340.25))
    result.SetDirection(direction.flatten().tolist())
    return result


cases = []


def record(name, dtype):
    read = sitk.ReadImage(str(out / name))
    assert (sitk.GetArrayFromImage(read) == values(dtype)).all(), name
    points = [(2, 3, 4), (0, 0, 0), (2.25, -1.5, 7.75)]
    cases.append(
        {
            "file": name,
            "voxels": values(dtype).flatten().tolist(),
            "spacing": read.GetSpacing(),
            "origin": read.GetOrigin(),
            "direction": np.array(read.GetDirection()).reshape(3, 3).tolist(),
            "world": [
                {"irc": p, "lps": read.TransformContinuousIndexToPhysicalPoint(p[::-1])} for p in points
            ],
        }
    )


for name, dtype in types.items():
    sitk.WriteImage(image(dtype, directions["identity"]), str(out / f"{name}.mha"), useCompression=False)
    record(f"{name}.mha", dtype)
for name, direction in directions.items():
    sitk.WriteImage(image(np.int16, direction), str(out / f"{name}.mha"), useCompression=True)
    record(f"{name}.mha", np.int16)
sitk.WriteImage(image(np.int16, directions["tilted"]), str(out / "apart.mhd"), useCompression=False)
record("apart.mhd", np.int16)
sitk.WriteImage(image(np.int16, directions["tilted"]), str(out / "packed.mhd"), useCompression=True)
record("packed.mhd", np.int16)

# ITK writes only its machine's order, but reads both.
for name in ("int16", "int32", "float32", "float64"):
    header, data = (out / f"{name}.mha").read_bytes().split(b"ElementDataFile = LOCAL\n", 1)
    header = header.replace(b"BinaryDataByteOrderMSB = False", b"BinaryDataByteOrderMSB = True")
    swapped = np.frombuffer(data, types[name]).byteswap().tobytes()
    (out / f"{name}-big.mha").write_bytes(header + b"ElementDataFile = LOCAL\n" + swapped)
    record(f"{name}-big.mha", types[name])

# Bytes before the values, counted (4) and left to the file's length (-1).
for size in (4, -1):
    name = f"header-size{size}.mhd"
    text = (out / "apart.mhd").read_text().replace("apart.raw", f"header-size{size}.raw")
    (out / name).write_text(text.replace("ElementDataFile", f"HeaderSize = {size}\nElementDataFile"))
    (out / f"header-size{size}.raw").write_bytes(b"DATA" + (out / "apart.raw").read_bytes())
    record(name, np.int16)

(out / "expected.json").write_text(json.dumps({"shape": shape, "cases": cases}) + "\n")
