"""Makes test/golden/dicom-masks/: a DICOM SEG and an RTSTRUCT as pydicom and highdicom write them, and their voxels.

Run from the repository's root with the pinned Python environment (npm run python):
python test/golden/make/dicom_masks.py
The voxels of the SEG are what was given to highdicom, those of the contours what casting a ray from each voxel gives.
"""

import json
import pathlib
import zlib

import highdicom as hd
import numpy as np
import pydicom
from highdicom.sr.coding import CodedConcept
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

out = pathlib.Path("test/golden/dicom-masks")
out.mkdir(parents=True, exist_ok=True)
slices, rows, columns = 5, 14, 12
spacing, origin = (0.75, 0.5, 2.5), np.array([-20.0, 30.5, -100.0])  # x (columns), y (rows), z
turn, tip = 0.3, 0.2
axes = np.array(
    [
        [np.cos(turn), -np.sin(turn) * np.cos(tip), np.sin(turn) * np.sin(tip)],
        [np.sin(turn), np.cos(turn) * np.cos(tip), -np.cos(turn) * np.sin(tip)],
        [0, np.sin(tip), np.cos(tip)],
    ]
).round(8)
study, series, frame_of_reference = (generate_uid(entropy_srcs=[name]) for name in ("study", "series", "frame"))


def world(index, row, column):
    return origin + axes @ (np.array([column, row, index]) * spacing)


def source(k):
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["image", str(k)])
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame_of_reference
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Phantom", "phantom", "", ""
    ds.StudyDate = ds.StudyTime = ds.AccessionNumber = ds.StudyID = ds.ReferringPhysicianName = ""
    ds.Modality, ds.InstanceNumber, ds.SeriesNumber = "CT", k + 1, 1
    ds.ImagePositionPatient = [f"{value:.8g}"[:16] for value in world(k, 0, 0)]
    ds.ImageOrientationPatient = [f"{value:.8g}" for value in (*axes[:, 0], *axes[:, 1])]
    ds.PixelSpacing, ds.SliceThickness = [spacing[1], spacing[0]], spacing[2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = rows, columns, 16, 16, 15, 1
    ds.PixelData = np.full((rows, columns), -850, np.int16).tobytes()
    return ds


images = [source(k) for k in range(slices)]
zz, yy, xx = np.mgrid[0:slices, 0:rows, 0:columns]
nodule = ((zz - 2) ** 2 * 4 + (yy - 6) ** 2 + (xx - 4) ** 2 < 12).astype(np.uint8)
vessel = ((yy - 9) ** 2 + (xx - 9 + zz // 2) ** 2 < 3).astype(np.uint8)


def segment(number, label):
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=CodedConcept("49755003", "SCT", "Morphologically Altered Structure"),
        segmented_property_type=CodedConcept("27925004", "SCT", "Nodule"),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )


def segmentation(file, kind, pixels, labels, numbers=None, **options):
    seg = hd.seg.Segmentation(
        source_images=images,
        pixel_array=pixels,
        segmentation_type=kind,
        segment_descriptions=[segment(number, label) for number, label in zip(numbers or range(1, 1 + len(labels)), labels)],
        series_instance_uid=generate_uid(entropy_srcs=[file, "series"]),
        series_number=2,
        sop_instance_uid=generate_uid(entropy_srcs=[file, "image"]),
        instance_number=1,
        manufacturer="none",
        manufacturer_model_name="none",
        software_versions="0",
        device_serial_number="0",
        **options,
    )
    seg.ContentDate = seg.SeriesDate = seg.InstanceCreationDate = "20000101"
    seg.ContentTime = seg.SeriesTime = seg.InstanceCreationTime = "000000"
    seg.save_as(out / f"{file}.dcm")


both = np.stack([nodule, vessel], axis=-1)
segmentation("binary", "BINARY", both, ["Nodule", "Vessel"])
segmentation("one-full", "BINARY", nodule, ["Nodule"], omit_empty_frames=False)
fraction = (nodule * 0.7 + vessel * 0.3).clip(0, 1)
segmentation("fractional", "FRACTIONAL", fraction, ["Nodule"], fractional_type="PROBABILITY", max_fractional_value=200)
rle = pydicom.uid.RLELossless
segmentation("fractional-rle", "FRACTIONAL", fraction, ["Nodule"], fractional_type="OCCUPANCY", max_fractional_value=255, transfer_syntax_uid=rle)
# Label maps: values are segment numbers, 8 or 16 bits, with gaps; highdicom describes the background as segment 0.
values = np.where(nodule > 0, 1, np.where(vessel > 0, 7, 0)).astype(np.uint8)
segmentation("labelmap", "LABELMAP", values, ["Nodule", "Vessel"], numbers=[1, 7])
segmentation("labelmap-rle", "LABELMAP", values, ["Nodule", "Vessel"], numbers=[1, 7], transfer_syntax_uid=rle)
wide = np.where(nodule > 0, 1, np.where(vessel > 0, 300, 0)).astype(np.uint16)
segmentation("labelmap-16", "LABELMAP", wide, ["Nodule", "Vessel"], numbers=[1, 300])
segmentation("labelmap-16-rle", "LABELMAP", wide, ["Nodule", "Vessel"], numbers=[1, 300], transfer_syntax_uid=rle)

# Deflated Image Frame Compression, by zlib: each frame is a stream, padded to an even length.
for name in ("binary", "labelmap-16"):
    seg = pydicom.dcmread(out / f"{name}.dcm")
    shape = (seg.NumberOfFrames, rows * columns)
    frames = [np.packbits(one, bitorder="little") if seg.BitsAllocated == 1 else one for one in seg.pixel_array.reshape(shape)]
    streams = []
    for one in frames:
        deflate = zlib.compressobj(wbits=-15)
        stream = deflate.compress(one.tobytes()) + deflate.flush()
        streams.append(stream + bytes(len(stream) % 2))
    seg.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.8.1"
    seg.PixelData = pydicom.encaps.encapsulate(streams)
    seg["PixelData"].is_undefined_length, seg["PixelData"].VR = True, "OB"
    pydicom.dcmwrite(out / f"{name}-deflated.dcm", seg, implicit_vr=False, little_endian=True, force_encoding=True)

contours = [  # slice, corners in [row, column]; a hole of its own, a keyhole, a triangle off the pixels' centres
    (1, [(2.2, 1.3), (2.2, 9.6), (10.7, 9.6), (10.7, 1.3)]),
    (1, [(4.4, 3.3), (4.4, 6.7), (7.6, 6.7), (7.6, 3.3)]),
    (2, [(1.5, 1.5), (1.5, 8.5), (9.5, 8.5), (9.5, 1.5), (1.5, 1.5), (3.5, 3.5), (6.5, 3.5), (6.5, 5.5), (3.5, 5.5), (3.5, 3.5)]),
    (3.3, [(0.3, 0.2), (12.8, 3.1), (6.1, 10.9)]),
]


def inside(polygons, row, column):
    """Ray casting to higher columns."""
    odd = False
    for polygon in polygons:
        for (r0, c0), (r1, c1) in zip(polygon, polygon[1:] + polygon[:1]):
            if (r0 > row) != (r1 > row) and column < c0 + (row - r0) / (r1 - r0) * (c1 - c0):
                odd = not odd
    return odd


filled = np.zeros((slices, rows, columns), np.uint8)
for k in range(slices):
    polygons = [points for height, points in contours if round(height) == k]
    for row in range(rows):
        for column in range(columns):
            filled[k, row, column] = inside(polygons, row, column)

rt = pydicom.Dataset()
rt.file_meta = pydicom.dataset.FileMetaDataset()
rt.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
rt.SOPClassUID = rt.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
rt.SOPInstanceUID = rt.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["rtstruct"])
rt.StudyInstanceUID, rt.SeriesInstanceUID = study, generate_uid(entropy_srcs=["rtstruct", "series"])
rt.Modality, rt.PatientName, rt.PatientID, rt.StructureSetLabel = "RTSTRUCT", "Phantom", "phantom", "labels"
rt.StructureSetROISequence, rt.ROIContourSequence = [], []
for number, name, list_of in ((1, "GTV", contours), (7, "Lung", contours[:1])):
    roi, drawn = pydicom.Dataset(), pydicom.Dataset()
    roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID, roi.ROIGenerationAlgorithm = number, name, frame_of_reference, ""
    drawn.ReferencedROINumber, drawn.ContourSequence = number, []
    for height, points in list_of:
        contour = pydicom.Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
        contour.ContourData = [f"{value:.6f}" for row, column in points for value in world(height, row, column)]
        drawn.ContourSequence.append(contour)
    rt.StructureSetROISequence.append(roi)
    rt.ROIContourSequence.append(drawn)
rt.save_as(out / "rtstruct.dcm", enforce_file_format=True)

expected = {
    "shape": [slices, rows, columns],
    "spacing": spacing,
    "origin": origin.tolist(),
    "direction": axes.tolist(),
    "nodule": nodule.ravel().tolist(),
    "vessel": vessel.ravel().tolist(),
    "half": (fraction >= 0.5).astype(int).ravel().tolist(),
    "contours": filled.ravel().tolist(),
}
(out / "expected.json").write_text(json.dumps(expected) + "\n")
