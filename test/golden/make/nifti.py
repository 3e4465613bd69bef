"""Makes test/golden/nifti/: small NIfTI files as nibabel writes them, and what nibabel says of each, in LPS.

Run from the repository's root with a Python that has nibabel and numpy: python test/golden/make/nifti.py
"""

import json
import math
import pathlib

import nibabel as nib
import numpy as np

out = pathlib.Path("test/golden/nifti")
out.mkdir(parents=True, exist_ok=True)
shape = (5, 4, 3)  # as NIfTI has it: columns, rows, slices
lps = np.diag([-1.0, -1.0, 1.0, 1.0])


def rotation(axis, degrees):
    axis = np.array(axis, float) / np.linalg.norm(axis)
    x, y, z = axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    a = math.radians(degrees)
    return np.eye(3) + math.sin(a) * k + (1 - math.cos(a)) * k @ k


def affine(direction, spacing=(0.703125, 0.8203125, 2.5), origin=(166.0, 171.75, -340.25)):
    result = np.eye(4)
    result[:3, :3] = np.asarray(direction) @ np.diag(spacing)
    result[:3, 3] = origin
    return result


directions = {
    "identity": np.eye(3),
    "las": np.diag([-1.0, 1.0, 1.0]),
    "flipped": np.diag([-1.0, -1.0, -1.0]),
    "sagittal": np.array([[0.0, 0, -1], [1, 0, 0], [0, 1, 0]]),
    "half-turn": rotation([3, 1, 2], 180),
    "any": rotation([1, 2, 3], 77) @ np.diag([1.0, -1.0, 1.0]),
}


def values(dtype=np.int16):
    numbers = (np.arange(60) * 37 % 61).reshape(shape, order="F")
    return (numbers - (30 if np.dtype(dtype).kind in "if" else 0)).astype(dtype)


cases = []


def record(name, image, spacing_known=True, placed=True, scaled=None):
    nib.save(image, out / name)
    read = nib.load(out / name)
    data = np.asarray(read.dataobj).reshape(shape)
    matrix = lps @ read.affine if placed else np.diag([*read.header.get_zooms()[:3], 1.0])
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    cases.append(
        {
            "file": name,
            "values": [float(v) for v in data.flatten(order="F")],
            "spacing": spacing.tolist() if spacing_known else None,
            "origin": matrix[:3, 3].tolist(),
            "direction": (matrix[:3, :3] / spacing).tolist(),
            "matrix": matrix.tolist(),
        }
    )


def image(dtype=np.int16, matrix=None, kind=nib.Nifti1Image, endian="<", sform=1, qform=1, units="mm"):
    header = kind.header_class(endianness=endian)
    header.set_data_dtype(dtype)
    matrix = affine(np.eye(3)) if matrix is None else matrix
    result = kind(values(dtype), matrix, header)
    result.header.set_xyzt_units(units)
    result.set_sform(matrix, sform)
    result.set_qform(matrix, qform)
    return result


for dtype in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"):
    record(f"{dtype}.nii.gz", image(np.dtype(dtype)))
for dtype in ("int16", "float32", "float64"):
    record(f"{dtype}-big.nii", image(np.dtype(dtype), endian=">"))
for name, direction in directions.items():
    record(f"sform-{name}.nii.gz", image(matrix=affine(direction), qform=0))
    record(f"qform-{name}.nii.gz", image(matrix=affine(direction), sform=0))
record("nifti2.nii.gz", image(matrix=affine(directions["any"]), kind=nib.Nifti2Image))
record("nifti2-big.nii", image(matrix=affine(directions["any"]), kind=nib.Nifti2Image, endian=">"))

# The two transforms disagree: nibabel and the standard's readers take the sform.
both = image(matrix=affine(directions["any"]))
both.set_qform(affine(directions["sagittal"]), 1, update_affine=False)
both.set_sform(affine(directions["any"]), 2)
record("both.nii.gz", both)

scaled = image()
scaled.header.set_slope_inter(0.5, -10.25)
scaled = nib.Nifti1Image(scaled.dataobj, scaled.affine, scaled.header)
# nibabel would scale anew at the saving: so the stored numbers stay and the fields are written over.
record("scaled.nii", scaled)
path = out / "scaled.nii"
stored = bytearray(path.read_bytes())
stored[112:120] = np.array([0.5, -10.25], "<f4").tobytes()
path.write_bytes(bytes(stored))
cases[-1]["values"] = [float(v) for v in np.asarray(nib.load(path).dataobj).flatten(order="F")]

four = image()
record("four-axes.nii", nib.Nifti1Image(values().reshape(5, 4, 3, 1), four.affine, four.header))

# Written by a tool that was told nothing.
record("nothing-said.nii.gz", image(np.uint8, np.eye(4), units=None), spacing_known=False)
record("nothing-said-flipped.nii.gz", image(np.uint8, np.diag([-1.0, -1, 1, 1]), units=None), spacing_known=False)
record("one-mm.nii.gz", image(np.uint8, np.eye(4)))
record("unplaced.nii.gz", image(sform=0, qform=0), placed=False)

# Micrometre and metre: the numbers are nibabel's, the factor ours.
for units, factor in (("micron", 0.001), ("meter", 1000.0)):
    record(f"{units}.nii", image(matrix=affine(np.eye(3)), units=units))
    case = cases[-1]
    case["spacing"] = [v * factor for v in case["spacing"]]
    case["origin"] = [v * factor for v in case["origin"]]
    case["matrix"] = None

# What nibabel writes has an unused field where values could begin later.
late = out / "late.nii"
plain = (out / "int16.nii.gz")
whole = bytearray(__import__("gzip").decompress(plain.read_bytes()))
whole[108:112] = np.array([400], "<f4").tobytes()
late.write_bytes(bytes(whole[:352]) + b"\1\0\0\0" + b"\0" * 44 + bytes(whole[352:]))
cases.append({**cases[2], "file": "late.nii"})
assert (np.asarray(nib.load(late).dataobj).flatten(order="F") == cases[2]["values"]).all()

(out / "expected.json").write_text('{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]}\n")
print(len(cases), "files")
