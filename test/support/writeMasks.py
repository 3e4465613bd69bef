"""Writes masks of a DICOM series as highdicom and pydicom write them: python writeMasks.py SERIES OUT.

The voxels of the SEGs are those whose flat number is divisible by 3, in the order of slice positions. Prints the
number of voxels of each file.
"""

import math
import pathlib
import sys

import highdicom as hd
import numpy as np
import pydicom
from highdicom.sr.coding import CodedConcept
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

series, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
images = sorted((pydicom.dcmread(path) for path in series.iterdir()), key=lambda ds: float(ds.ImagePositionPatient[2]))
shape = (len(images), images[0].Rows, images[0].Columns)
mask = (np.arange(np.prod(shape)).reshape(shape) % 3 == 0).astype(np.uint8)
for image in images:
    image.PatientSex, image.StudyTime, image.StudyID, image.SeriesNumber = "", "", "", 1


def describe(number, label):
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=CodedConcept("49755003", "SCT", "Morphologically Altered Structure"),
        segmented_property_type=CodedConcept("27925004", "SCT", "Nodule"),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )


def segmentation(name, kind, labels=("Läsion 結節",), pixels=mask, **options):
    seg = hd.seg.Segmentation(
        source_images=images,
        pixel_array=pixels,
        segmentation_type=kind,
        segment_descriptions=[describe(k + 1, label) for k, label in enumerate(labels)],
        series_instance_uid=generate_uid(),
        series_number=2,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="none",
        manufacturer_model_name="none",
        software_versions="0",
        device_serial_number="0",
        **options,
    )
    seg.SpecificCharacterSet = "ISO_IR 192"
    return seg


def save(name, ds, syntax=None):
    if syntax is not None:
        ds.file_meta.TransferSyntaxUID = syntax
    ds.save_as(out / name)


half = {"fractional_type": "PROBABILITY", "max_fractional_value": 255}
save("binary", segmentation("binary", "BINARY"))
save("binary implicit", segmentation("binary", "BINARY", transfer_syntax_uid=ImplicitVRLittleEndian))
save("binary deflated", segmentation("binary", "BINARY"), DeflatedExplicitVRLittleEndian)
save("labelmap", segmentation("labelmap", "LABELMAP"))
for word, syntax in (("RLE", RLELossless), ("JPEG-LS", JPEGLSLossless), ("JPEG 2000", JPEG2000Lossless)):
    try:
        save(f"fractional {word}", segmentation("f", "FRACTIONAL", pixels=mask * 1.0, transfer_syntax_uid=syntax, **half))
        save(f"labelmap {word}", segmentation("l", "LABELMAP", transfer_syntax_uid=syntax))
    except (ValueError, RuntimeError) as error:
        print(word, error, file=sys.stderr)

# A ring of many points: its contour has more than 64 kB, which DS of explicit VR cannot hold.
for name, terms, label, syntax in (
    ("ring", ["GB18030"], "肺结节", ExplicitVRLittleEndian),
    ("ring implicit", ["", "ISO 2022 IR 87"], "肺結節", ImplicitVRLittleEndian),
    ("ring deflated", ["ISO_IR 144"], "Узел", DeflatedExplicitVRLittleEndian),
):
    x, y, z = (float(value) for value in images[1].ImagePositionPatient)
    rows, columns = (float(value) for value in images[1].PixelSpacing)
    rt = pydicom.Dataset()
    rt.file_meta = pydicom.dataset.FileMetaDataset()
    rt.file_meta.TransferSyntaxUID = syntax
    rt.SpecificCharacterSet = terms
    rt.SOPClassUID = rt.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    rt.SOPInstanceUID = rt.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    rt.SeriesInstanceUID, rt.Modality = generate_uid(), "RTSTRUCT"
    roi, drawn, contour = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = 1, label, images[0].FrameOfReferenceUID
    angles = [2 * math.pi * k / 2500 for k in range(2500)]
    points = [(x + columns * (1 + 0.9 * math.cos(a)), y + rows * (1.5 + 0.9 * math.sin(a)), z) for a in angles]
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
    contour.ContourData = [f"{value:.9f}" for point in points for value in point]
    drawn.ReferencedROINumber, drawn.ContourSequence = 1, [contour]
    rt.StructureSetROISequence, rt.ROIContourSequence = [roi], [drawn]
    rt.save_as(out / name, enforce_file_format=True)
