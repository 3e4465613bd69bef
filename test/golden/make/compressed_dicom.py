"""Makes test/golden/dicom-compressed/: one small CT slice in each compressed transfer syntax, and its values.

Run from the repository's root with the pinned Python environment, to which `pip install pyjpegls==1.5.1
pylibjpeg==2.1.0 pylibjpeg-openjpeg==2.6.0` has been added (nothing else here writes JPEG-LS and lossy JPEG 2000):
python test/golden/make/compressed_dicom.py

The values are what SimpleITK (GDCM) reads, which for the lossless ones must be what was put in. GDCM writes JPEG Lossless with
predictor 1 only; the others come from the encoder below, and GDCM must read them too.
"""

import io
import json
import pathlib
import struct
import subprocess

import numpy as np
import pydicom
import SimpleITK as sitk
from PIL import Image
from pydicom.encaps import encapsulate, encapsulate_extended, fragment_frame, generate_frames, itemize_fragment
from pydicom.uid import UID, ExplicitVRLittleEndian

out = pathlib.Path("test/golden/dicom-compressed")
out.mkdir(parents=True, exist_ok=True)
rows, columns = 40, 36
random = np.random.default_rng(7)
yy, xx = np.mgrid[0:rows, 0:columns]
lung = np.where((yy - 18) ** 2 + (xx - 15) ** 2 < 150, -850, 40) + random.integers(-40, 40, (rows, columns))
lung[0, 0], lung[-1, -1] = -1024, 1900
pixels = {
    "signed": ((lung.astype(np.int16)), 16, 1),
    "signed12": ((lung.astype(np.int16)), 12, 1),
    "unsigned12": ((lung + 1024).astype(np.uint16), 12, 0),
    "unsigned8": ((lung + 1024).astype(np.uint16) // 16, 8, 0),
}
pixels["unsigned8"] = (pixels["unsigned8"][0].astype(np.uint8), 8, 0)


def dataset(name, frames=1):
    values, stored, representation = pixels[name]
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"
    ds.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.4"
    ds.Modality, ds.PatientName, ds.PatientID = "CT", "Phantom", "phantom"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [-10, -12, 30], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [0.75, 0.5], 2
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = rows, columns
    ds.BitsAllocated = 8 if values.dtype == np.uint8 else 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = stored, stored - 1, representation
    ds.RescaleIntercept, ds.RescaleSlope = 0, 1
    if frames > 1:
        ds.NumberOfFrames = frames
    ds.PixelData = values.tobytes()
    return ds


expected = {}


def save(file, ds, lossless, want, extra=None):
    path = out / f"{file}.dcm"
    ds.save_as(path, enforce_file_format=True)
    got = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    got = got.reshape(-1, rows, columns)
    if lossless:
        assert np.array_equal(got, np.asarray(want).reshape(-1, rows, columns)), file
    expected[file] = {"lossless": lossless, "signed": bool(ds.PixelRepresentation), "frames": [frame.ravel().tolist() for frame in got]}


def with_frames(name, syntax, streams, *, table=True, pieces=1):
    """A file of these streams, each in `pieces` fragments, with or without a basic offset table."""
    ds = dataset(name, len(streams))
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.PixelData = encapsulate(streams, fragments_per_frame=pieces, has_bot=table)
    ds["PixelData"].is_undefined_length = True
    return ds


def compressed(name, syntax, plugin, **options):
    ds = dataset(name)
    ds.compress(UID(syntax), encoding_plugin=plugin, generate_instance_uid=False, **options)
    return next(generate_frames(ds.PixelData, number_of_frames=1))


def jpeg_lossless(values, precision, predictor, restart_rows=0, shift=0):
    """ITU-T T.81 annex H, with the fixed code of 5 bits for every category."""
    v = (values.astype(np.int64) & ((1 << precision) - 1)) >> shift
    bits, streams = [], []
    start = 0

    def flush():
        nonlocal bits
        text = "".join(bits)
        text += "1" * (-len(text) % 8)
        packed = bytes(int(text[k : k + 8], 2) for k in range(0, len(text), 8))
        streams.append(packed.replace(b"\xff", b"\xff\x00"))
        bits = []

    for y in range(rows):
        if restart_rows and y and y % restart_rows == 0:
            flush()
            streams.append(bytes([0xFF, 0xD0 + (y // restart_rows - 1) % 8]))
            start = y
        for x in range(columns):
            a = int(v[y, x - 1]) if x else 0
            b = int(v[y - 1, x]) if y > start else 0
            c = int(v[y - 1, x - 1]) if x and y > start else 0
            if y == start:
                p = a if x else 1 << (precision - shift - 1)
            elif x == 0:
                p = b
            else:
                p = [a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor - 1]
            d = (int(v[y, x]) - p) & 0xFFFF
            d = d - 0x10000 if d > 0x8000 else d
            category = abs(d).bit_length()
            bits.append(format(category, "05b"))
            if 0 < category < 16:
                bits.append(format(d if d > 0 else d + (1 << category) - 1, f"0{category}b"))
    flush()
    table = bytes([0]) + bytes([0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17))
    frame = struct.pack(">BHHB", precision, rows, columns, 1) + bytes([1, 0x11, 0])
    scan = bytes([1, 1, 0x00, predictor, 0, shift])
    segment = lambda marker, content: bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content
    head = b"\xff\xd8" + segment(0xC4, table) + segment(0xC3, frame)
    if restart_rows:
        head += segment(0xDD, struct.pack(">H", restart_rows * columns))
    return head + segment(0xDA, scan) + b"".join(streams) + b"\xff\xd9"


def by_gdcm(name, compressor):
    values = pixels[name][0]
    path = out / "temporary.dcm"
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.SetFileName(str(path))
    writer.UseCompressionOn()
    writer.SetCompressor(compressor)
    writer.Execute(sitk.GetImageFromArray(values))
    stream = next(generate_frames(pydicom.dcmread(path).PixelData, number_of_frames=1))
    path.unlink()
    return stream


lossless57, lossless70, ls, near, j2k, lossy2k, rle = (
    "1.2.840.10008.1.2." + end for end in ("4.57", "4.70", "4.80", "4.81", "4.90", "4.91", "5")
)
for name, (values, stored, representation) in pixels.items():
    save(f"rle-{name}", with_frames(name, rle, [compressed(name, rle, "pydicom")]), True, values)
    save(f"jpeg-ls-{name}", with_frames(name, ls, [compressed(name, ls, "pyjpegls")]), True, values)
    save(f"jpeg-2000-{name}", with_frames(name, j2k, [compressed(name, j2k, "pylibjpeg")]), True, values)
    own = jpeg_lossless(values, max(stored, 8), 1)
    save(f"jpeg-lossless-{name}", with_frames(name, lossless70, [own]), True, values)
for name in ("signed", "unsigned12"):
    values = pixels[name][0]
    if name == "signed":  # of the other GDCM says 16 bits, which is a stream of more bits than the header has
        save("jpeg-2000-gdcm", with_frames(name, j2k, [by_gdcm(name, "JPEG2000")]), True, values)
    save(f"jpeg-lossless-gdcm-{name}", with_frames(name, lossless70, [by_gdcm(name, "JPEG")]), True, values)
values = pixels["unsigned12"][0]
for predictor in range(2, 8):
    save(f"jpeg-lossless-predictor{predictor}", with_frames("unsigned12", lossless57, [jpeg_lossless(values, 12, predictor)]), True, values)
save("jpeg-lossless-restart", with_frames("unsigned12", lossless57, [jpeg_lossless(values, 12, 4, restart_rows=5)]), True, values)
save("jpeg-lossless-shift", with_frames("unsigned12", lossless57, [jpeg_lossless(values, 12, 7, shift=2)]), True, values & 0xFFFC)
save("jpeg-ls-near", with_frames("unsigned12", near, [compressed("unsigned12", near, "pyjpegls", jls_error=3)]), False, None)
save("jpeg-2000-lossy", with_frames("unsigned12", lossy2k, [compressed("unsigned12", lossy2k, "pylibjpeg", j2k_cr=[6])]), False, None)


def by_dcmtk(name, option, quality):
    """The stream of DCMTK's dcmcjpeg (Debian package dcmtk)."""
    paths = [out / "temporary.dcm", out / "temporary-jpeg.dcm"]
    dataset(name).save_as(paths[0], enforce_file_format=True)
    subprocess.run(["dcmcjpeg", option, "+q", str(quality), *map(str, paths)], check=True)
    stream = next(generate_frames(pydicom.dcmread(paths[1]).PixelData, number_of_frames=1))
    for path in paths:
        path.unlink()
    return stream


def by_pillow(**options):
    stream = io.BytesIO()
    Image.fromarray(pixels["unsigned8"][0]).save(stream, "JPEG", **options)
    return stream.getvalue()


def by_openjph(name, lossless):
    """SimpleITK cannot read these: the expected values of lossy ones are what OpenJPH itself decodes."""
    values, stored, representation = pixels[name]
    made = subprocess.run(
        ["node", "test/golden/make/htj2k.mjs", *map(str, (columns, rows, stored, representation, int(lossless)))],
        input=values.tobytes(), capture_output=True, check=True,
    ).stdout
    length = struct.unpack("<I", made[:4])[0]
    return made[4 : 4 + length], np.frombuffer(made[4 + length :], values.dtype)


baseline, extended, ht, ht_rpcl, ht_lossy = ("1.2.840.10008.1.2.4." + end for end in ("50", "51", "201", "202", "203"))
for file, name, syntax, stream in (
    ("jpeg-baseline", "unsigned8", baseline, by_dcmtk("unsigned8", "+eb", 90)),
    ("jpeg-baseline-restart", "unsigned8", baseline, by_pillow(quality=80, restart_marker_blocks=3)),
    ("jpeg-baseline-coarse", "unsigned8", baseline, by_pillow(quality=5, optimize=True)),
    ("jpeg-extended-unsigned8", "unsigned8", extended, by_dcmtk("unsigned8", "+ee", 90)),
    ("jpeg-extended-unsigned12", "unsigned12", extended, by_dcmtk("unsigned12", "+ee", 90)),
    ("jpeg-extended-coarse", "unsigned12", extended, by_dcmtk("unsigned12", "+ee", 30)),
    # Values of 12 bits whose upper half is negative, which is how GDCM reads such a header.
    ("jpeg-extended-signed12", "signed12", extended, by_dcmtk("unsigned12", "+ee", 90)),
):
    save(file, with_frames(name, syntax, [stream]), False, None)
for file, name, syntax, lossless in [(f"htj2k-{name}", name, ht, True) for name in pixels] + [
    ("htj2k-rpcl", "unsigned12", ht_rpcl, True),
    ("htj2k-lossy", "unsigned12", ht_lossy, False),
]:
    stream, decoded = by_openjph(name, lossless)
    assert not lossless or np.array_equal(decoded, pixels[name][0].ravel()), file
    with_frames(name, syntax, [stream]).save_as(out / f"{file}.dcm", enforce_file_format=True)
    expected[file] = {"lossless": True, "signed": bool(pixels[name][2]), "frames": [decoded.tolist()]}

three = [np.roll(values, k, axis=0) for k in (0, 3, 7)]
streams = [jpeg_lossless(frame, 12, 1) for frame in three]
for file, table, pieces in (("table", True, 1), ("fragments-table", True, 3), ("no-table", False, 1), ("fragments", False, 3)):
    # GDCM reads several fragments a frame of single frames only; these values are checked against what was put in.
    ds = with_frames("unsigned12", lossless57, streams, table=table, pieces=pieces)
    ds.save_as(out / f"frames-{file}.dcm", enforce_file_format=True)
    expected[f"frames-{file}"] = {"lossless": True, "signed": False, "frames": [frame.ravel().tolist() for frame in three]}
save("one-frame-fragments", with_frames("unsigned12", lossless57, streams[:1], table=False, pieces=4), True, values)

(out / "expected.json").write_text(json.dumps({"rows": rows, "columns": columns, "files": expected}) + "\n")
