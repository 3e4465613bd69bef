"""Writes images that SimpleITK reads again, in every format and element type; prints their geometry and values.

Arguments: the output folder, then files or folders of DICOM series.
"""

import json
import os
import sys

import SimpleITK as sitk

EXTENSIONS = ["mha", "mhd", "nrrd", "nhdr", "nii", "nii.gz"]
TYPES = ["Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float32", "Float64"]
FIELDS = {
    "0008|0060": "CT",
    "dim[0]": "3",
    "NRRD_kinds[0]": "domain",
    "a b": "x = y: z",
    "colon:key": "1",
    "equals=key": "2",
    "\u00fcn\u00ef": "\u00f8",
    "lines": "first\nsecond",
    "long": "v" * 100000,
}


def read(path):
    if not os.path.isdir(path):
        return sitk.ReadImage(path)
    reader = sitk.ImageSeriesReader()
    reader.MetaDataDictionaryArrayUpdateOn()
    reader.LoadPrivateTagsOn()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(path))
    image = reader.Execute()
    for key in reader.GetMetaDataKeys(0):
        image.SetMetaData(key, reader.GetMetaData(0, key))
    return image


def write(image, path, compress):
    sitk.WriteImage(image, path, useCompression=compress)
    # As SimpleITK reads it, since NIfTI stores floats of 32 bits.
    again = sitk.ReadImage(path)
    values = sitk.GetArrayFromImage(again).ravel().tolist()
    geometry = [list(again.GetOrigin())[:3], list(again.GetSpacing())[:3], list(again.GetDirection())]
    print(json.dumps({"path": path, "size": list(again.GetSize()), "geometry": geometry, "values": values}))


def main(out, inputs):
    number = 0

    def target(extension):
        nonlocal number
        number += 1
        return os.path.join(out, f"{number}.{extension}")

    for path in inputs:
        image = read(path)
        for extension in EXTENSIONS:
            for compress in [False, True]:
                write(image, target(extension), compress)
    for name in TYPES:
        typed = sitk.Cast(sitk.Abs(image), getattr(sitk, f"sitk{name}"))
        for extension in EXTENSIONS:
            write(typed, target(extension), True)
    for extension in EXTENSIONS:
        series = sitk.JoinSeries([image])
        write(series, target(extension), False)
        sitk.WriteImage(sitk.JoinSeries([image, image]), os.path.join(out, f"several.{extension}"))
        sitk.WriteImage(sitk.Compose([image, image, image]), os.path.join(out, f"vectors.{extension}"))
        sitk.WriteImage(image[:, :, 0], os.path.join(out, f"flat.{extension}"))
    for key, value in FIELDS.items():
        image.SetMetaData(key, value)
    for extension in ["nrrd", "nhdr"]:
        write(image, target(extension), False)
    # SimpleITK itself does not read headers of this length.
    path = target("mha")
    sitk.WriteImage(image, path)
    values = sitk.GetArrayFromImage(image).ravel().tolist()
    geometry = [list(image.GetOrigin()), list(image.GetSpacing()), list(image.GetDirection())]
    print(json.dumps({"path": path, "size": list(image.GetSize()), "geometry": geometry, "values": values}))


main(sys.argv[1], sys.argv[2:])
