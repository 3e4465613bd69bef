"""Peers' side of test/unit/ct/orientation.test.ts: python orientations.py FOLDER

Reads phantom.json of the folder, writes the phantom in each of the 48 layouts with SimpleITK (.mha, .nii.gz, .nrrd) and nibabel (sform only and
qform only) into theirs/, and prints for every file in ours/ the places of its values as SimpleITK and, of NIfTI, nibabel see them.
"""

import itertools
import json
import pathlib
import sys

import nibabel as nib
import numpy as np
import SimpleITK as sitk

folder = pathlib.Path(sys.argv[1])
given = json.loads((folder / "phantom.json").read_text())
base = sitk.GetImageFromArray(np.array(given["voxels"], np.int16).reshape(given["shape"]))
base.SetSpacing(given["spacing"])
base.SetOrigin(given["origin"])
base.SetDirection(np.array(given["direction"]).flatten().tolist())

theirs = folder / "theirs"
theirs.mkdir()
for order in itertools.permutations(range(3)):
    for flips in itertools.product((False, True), repeat=3):
        image = sitk.Flip(sitk.PermuteAxes(base, order), flips)
        name = "".join(map(str, order)) + "-" + "".join(str(int(f)) for f in flips)
        for ending in ("mha", "nii.gz", "nrrd"):
            sitk.WriteImage(image, str(theirs / f"{name}.{ending}"))
        affine = np.eye(4)
        affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
        affine[:3, 3] = image.GetOrigin()
        ras = np.diag([-1, -1, 1, 1]) @ affine
        nifti = nib.Nifti1Image(sitk.GetArrayFromImage(image).T, ras)
        nifti.header.set_xyzt_units("mm")
        for kind, codes in (("sform", (1, 0)), ("qform", (0, 1))):
            nifti.set_sform(ras, codes[0])
            nifti.set_qform(ras, codes[1])
            nib.save(nifti, theirs / f"{name}-{kind}.nii")


def places(values, affine):
    """LPS mm of each voxel, values given as [columns, rows, slices], in the order of the values."""
    index = np.stack(np.unravel_index(np.argsort(values.flatten()), values.shape))
    return (affine[:3, :3] @ index + affine[:3, 3:]).T.flatten().tolist()


seen = {}
for path in sorted((folder / "ours").iterdir()):
    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    seen[f"SimpleITK {path.name}"] = places(sitk.GetArrayFromImage(image).T, affine)
    if ".nii" in path.name:
        read = nib.load(path)
        for kind, matrix in (("sform", read.get_sform()), ("qform", read.get_qform())):
            seen[f"nibabel {kind} {path.name}"] = places(np.asarray(read.dataobj), np.diag([-1, -1, 1, 1]) @ matrix)
print(json.dumps(seen))
