"""Reads segmentations with highdicom, pydicom and dcmqi and prints one JSON line for each.

The command line has pairs: the file, and a JSON file with the slices of its scan in order, {"instance", "frame", "position"}.
Masks are [slices, rows, columns], flat, by segment: those of highdicom placed by the referenced images, those of pydicom by
position. Those of dcmqi, where its command is given as the first argument, are the positions of marked voxels.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import highdicom as hd
import numpy as np
import pydicom
import SimpleITK as sitk


def by_reference(seg, slices, number):
    options = {"segment_numbers": [number], "assert_missing_frames_are_empty": True}
    if any(one["instance"] is None for one in slices):
        return None
    if slices[0]["frame"] is not None:
        pixels = seg.get_pixels_by_source_frame(slices[0]["instance"], [one["frame"] for one in slices], **options)
    else:
        pixels = seg.get_pixels_by_source_instance([one["instance"] for one in slices], **options)
    return (pixels[..., 0] > 0).astype(int).ravel().tolist()


def by_position(seg, slices, number):
    mask = np.zeros((len(slices), seg.Rows, seg.Columns), int)
    pixels = seg.pixel_array.reshape(-1, seg.Rows, seg.Columns)
    for group, frame in zip(seg.PerFrameFunctionalGroupsSequence, pixels):
        place = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        (at,) = [k for k, one in enumerate(slices) if np.abs(place - one["position"]).max() < 1e-6]
        if seg.SegmentationType == "LABELMAP":
            mask[at] = frame == number
        elif group.SegmentIdentificationSequence[0].ReferencedSegmentNumber == number:
            mask[at] = frame
    return mask.ravel().tolist()


def by_dcmqi(command, path):
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run([command, "--inputDICOM", path, "--outputDirectory", folder, "--outputType", "nrrd"], capture_output=True, text=True)
        if ran.returncode != 0:
            return {"error": ran.stdout[-500:] + ran.stderr[-500:]}
        places = {}
        for file in pathlib.Path(folder).glob("*.nrrd"):
            image = sitk.ReadImage(file)
            marked = np.argwhere(sitk.GetArrayFromImage(image) > 0)
            places[file.stem.split("-")[-1]] = [image.TransformIndexToPhysicalPoint([int(n) for n in at[::-1]]) for at in marked]
        return places


def code(item):
    return [item.value, item.scheme_designator]


command, *rest = sys.argv[1:]
for path, described in zip(rest[::2], rest[1::2]):
    slices = json.loads(pathlib.Path(described).read_text())
    data = pydicom.dcmread(path)
    seg = hd.seg.segread(path)
    line = {
        "patient": str(data.PatientName),
        "segments": [
            {
                "number": one.segment_number,
                "label": one.segment_label,
                "tracking": [one.tracking_id, one.tracking_uid],
                "category": code(one.segmented_property_category),
                "type": code(one.segmented_property_type),
                "regions": [code(region) for region in one.anatomic_regions],
                "algorithm": [one.algorithm_type.value, one.algorithm_identification.name, one.algorithm_identification.version],
            }
            for one in (seg.get_segment_description(number) for number in seg.segment_numbers)
        ],
        "highdicom": {number: by_reference(seg, slices, number) for number in seg.segment_numbers},
        "pydicom": {number: by_position(data, slices, number) for number in seg.segment_numbers},
        "dcmqi": by_dcmqi(command, path) if command and data.SegmentationType == "BINARY" else None,
    }
    print(json.dumps(line))
