"""Makes test/golden/nrrd/: small NRRD files, and what SimpleITK says of each.

Run from the repository's root with a Python that has SimpleITK and numpy: python test/golden/make/nrrd.py
Most headers are written here by hand from the format's definition, as SimpleITK writes only one kind; it reads them all.
"""

import gzip
import json
import math
import pathlib

import numpy as np
import SimpleITK as sitk

out = pathlib.Path("test/golden/nrrd")
out.mkdir(parents=True, exist_ok=True)
shape = (3, 4, 5)  # slices, rows, columns


def rotation(axis, degrees):
    axis = np.array(axis, float) / np.linalg.norm(axis)
    x, y, z = axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    a = math.radians(degrees)
    return np.eye(3) + math.sin(a) * k + (1 - math.cos(a)) * k @ k


def values(dtype="<i2"):
    numbers = (np.arange(60) * 37 % 61).reshape(shape)
    return (numbers - (30 if np.dtype(dtype).kind in "if" else 0)).astype(dtype)


def vectors(matrix):
    return " ".join("(" + ",".join(repr(float(v)) for v in column) + ")" for column in np.asarray(matrix).T)


straight = np.diag([0.703125, 0.8203125, 2.5])
turned = rotation([1, 2, 3], 77) @ np.diag([0.703125, -0.8203125, 2.5])
cases = []


def record(name, **changes):
    fields = {
        "type": "short",
        "dimension": "3",
        "space": "left-posterior-superior",
        "space dimension": None,
        "sizes": "5 4 3",
        "space directions": vectors(straight),
        "kinds": "domain domain domain",
        "endian": "little",
        "encoding": "raw",
        "space origin": "(-166,-171.75,-340.25)",
        **changes,
    }
    dtype = fields.pop("dtype", "<i2")
    newline = fields.pop("newline", "\n")
    before = fields.pop("before", b"")
    lines = fields.pop("lines", b"")
    extra = fields.pop("extra", [])
    magic = fields.pop("magic", "NRRD0004")
    known = fields.pop("known", True)
    data = before + values(dtype).tobytes()
    if fields["encoding"] in ("gzip", "gz"):
        data = gzip.compress(data, mtime=0)
    data = lines + data
    header = newline.join([magic, "# made for a test", *(f"{k}: {v}" for k, v in fields.items() if v is not None), *extra, ""])
    if "data file" in fields:
        (out / fields["data file"]).write_bytes(data)
        (out / name).write_bytes(header.encode())
    else:
        (out / name).write_bytes((header + newline).encode() + data)
    image = sitk.ReadImage(str(out / name))
    assert (sitk.GetArrayFromImage(image) == values(dtype)).all(), name
    cases.append(
        {
            "file": name,
            "values": values(dtype).flatten().tolist(),
            "spacing": image.GetSpacing() if known else None,
            "origin": image.GetOrigin(),
            "direction": np.array(image.GetDirection()).reshape(3, 3).tolist(),
        }
    )


names = {
    "signed char": "i1",
    "unsigned char": "u1",
    "short": "i2",
    "unsigned short": "u2",
    "int": "i4",
    "unsigned int": "u4",
    "long long int": "i8",
    "unsigned long long int": "u8",
    "float": "f4",
    "double": "f8",
}
for name, code in names.items():
    record(f"{code}.nrrd", type=name, dtype="<" + code, encoding="gzip")
for name, code in (("int16", "i2"), ("float", "f4"), ("int64_t", "i8")):
    record(f"{code}-big.nrrd", type=name, dtype=">" + code, endian="big")
for space in ("left-posterior-superior", "right-anterior-superior", "left-anterior-superior", "LPS", "RAS", "LAS"):
    record(f"space-{space}.nrrd", **{"space": space, "space directions": vectors(turned)})
record("space-dimension.nrrd", **{"space": None, "space dimension": "3", "space directions": vectors(turned)})
bare = {"space": None, "space directions": None, "space origin": None, "kinds": None}
record("spacings.nrrd", **bare, spacings="0.703125 0.8203125 2.5")
record("axis-mins.nrrd", **bare, **{"spacings": "0.5 0.75 2.5", "axis mins": "-20 -30 40", "centerings": "node cell node"})
record("nothing-said.nrrd", **bare, known=False)
record("line-and-byte-skip.nrrd", **{"line skip": "2", "byte skip": "7"}, lines=b"one\ntwo\n", before=b"1234567")
record("byte-skip-gzip.nrrd", **{"byte skip": "7", "encoding": "gz"}, before=b"1234567")
record("byte-skip-1.nrrd", **{"byte skip": "-1"}, before=b"12345")
record("crlf.nrrd", newline="\r\n", encoding="gzip")
record("keys.nrrd", extra=["site:=somewhere: else", "unit:=HU"], magic="NRRD0005", content="any words: here")
record("apart.nhdr", **{"data file": "apart.raw"})
record("apart-gzip.nhdr", **{"data file": "apart-gzip.raw.gz", "encoding": "gzip"})

image = sitk.GetImageFromArray(values())
image.SetSpacing((0.703125, 0.8203125, 2.5))
image.SetOrigin((-166.0, -171.75, -340.25))
image.SetDirection((rotation([1, 2, 3], 77) @ np.diag([1.0, -1.0, 1.0])).flatten().tolist())
sitk.WriteImage(image, str(out / "simpleitk.nrrd"), True)
cases.append(
    {
        "file": "simpleitk.nrrd",
        "values": values().flatten().tolist(),
        "spacing": image.GetSpacing(),
        "origin": image.GetOrigin(),
        "direction": np.array(image.GetDirection()).reshape(3, 3).tolist(),
    }
)

(out / "expected.json").write_text('{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n")
print(len(cases), "files")
