"""Reads the folders of DICOM slices named on the command line with SimpleITK and with pydicom, and prints one JSON line for each.

Values are [slices, rows, columns], flat, rescaled; pydicom's are put in order along the normal here.
"""

import json
import pathlib
import sys

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.pixels import apply_rescale

for folder in sys.argv[1:]:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    image = reader.Execute()
    slices = [pydicom.dcmread(path) for path in pathlib.Path(folder).iterdir()]
    axes = np.array(slices[0].ImageOrientationPatient, float)
    normal = np.cross(axes[:3], axes[3:])
    slices.sort(key=lambda one: normal @ np.array(one.ImagePositionPatient, float))
    line = {
        "size": image.GetSize(),
        "spacing": image.GetSpacing(),
        "origin": image.GetOrigin(),
        "direction": image.GetDirection(),
        "sitk": sitk.GetArrayFromImage(image).astype(float).ravel().tolist(),
        "pydicom": np.concatenate([np.asarray(apply_rescale(one.pixel_array, one), float).ravel() for one in slices]).tolist(),
    }
    print(json.dumps(line))
