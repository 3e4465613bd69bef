import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { decode, inferIntensity } from '../imageFile/elementType.js';
import type { ImageFile, ReadRequest } from '../imageFile/imageFile.js';
import { inflateStart } from '../imageFile/inflate.js';
import { openToRead } from '../imageFile/openToRead.js';
import { readValues } from '../imageFile/readValues.js';
import { parseWriterTag } from '../imageFile/writerTag.js';
import { niftiGrid } from './niftiGrid.js';
import { checkNiftiHeader, niftiHeaderBytes } from './niftiHeader.js';

/** Bytes of a gzip file that contain a packed header, even after a long file name and a comment. */
const packedStart = 1 << 14;

/** Bytes of the shorter header, NIfTI-1's. */
const leastHeaderBytes = 348;

/**
 * Reads a NIfTI-1 or NIfTI-2 file, `.nii` or `.nii.gz` (recognised by its bytes, not by its name).
 * @throws NoduleTrainError `scan-missing`, `nifti-header`, `nifti-data`
 */
export const readNifti = async (path: string, { niftiTransform }: ReadRequest): Promise<ImageFile> => {
  const file = await openToRead(path, `reading the scan ${path}`, 'Give the path of a .nii or .nii.gz file');
  try {
    const { packed, bytes } = await readHeaderBytes(file);
    if (packed && bytes.length < leastHeaderBytes) {
      throw new NoduleTrainError(
        'nifti-data',
        `reading the header ${path}: only ${bytes.length} bytes can be unpacked, expected the ` +
          `${leastHeaderBytes} of a header. The file is truncated or damaged: copy it again.`,
      );
    }
    const header = checkNiftiHeader(path, bytes);
    const { shape, type, typeName, slope, intercept, dataBytes, voxOffset } = header;
    const { notes, ...grid } = niftiGrid(path, header, niftiTransform);
    const values = await readValues(file, path, {
      ...(packed ? { start: 0, packed: 'rest', skip: voxOffset } : { start: voxOffset, packed: null }),
      bytes: dataBytes,
      code: 'nifti-data',
      declared: `dim ${shape.toReversed().join(' ')} of ${typeName}`,
      fields: 'dim, datatype and vox_offset',
    });
    const { intensity, spacingUnknown } = parseWriterTag(header.descrip);
    const rescaled = slope !== 1 || intercept !== 0;
    return {
      ...grid,
      ...(spacingUnknown && { spacing: null }),
      shape,
      slope,
      intercept,
      notes,
      values: decode(values, type, header.bigEndian),
      // Unsigned values with an intercept may be HU.
      ...(intensity !== null || rescaled ? { intensity } : inferIntensity(type)),
      uid: basename(path).replace(/\.nii(\.gz)?$/i, ''),
    };
  } finally {
    await file.close();
  }
};

/** The first bytes of the file, unpacked, enough for a header. */
const readHeaderBytes = async (file: FileHandle): Promise<{ packed: boolean; bytes: Buffer }> => {
  const start = Buffer.alloc(packedStart);
  const { bytesRead } = await file.read(start, 0, packedStart, 0);
  const packed = start[0] === 0x1f && start[1] === 0x8b;
  const found = start.subarray(0, bytesRead);
  return { packed, bytes: packed ? await inflateStart(found, niftiHeaderBytes) : found.subarray(0, niftiHeaderBytes) };
};
