import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { decode, intensityOfType } from '../imageFile/elementType.js';
import type { ImageFile } from '../imageFile/imageFile.js';
import { inflateStart } from '../imageFile/inflate.js';
import { openToRead } from '../imageFile/openToRead.js';
import { readValues } from '../imageFile/readValues.js';
import { saidInText } from '../imageFile/saidInText.js';
import { niftiGrid } from './niftiGrid.js';
import { checkNiftiHeader, niftiHeaderBytes } from './niftiHeader.js';

/** Enough of a gzip file for a header to come out of it, with a long name and a comment before. */
const packedStart = 1 << 14;

/** Of NIfTI-1. */
const leastHeaderBytes = 348;

/** Reads a NIfTI-1 or NIfTI-2 file, `.nii` or `.nii.gz` (told by its bytes, not by its name). */
export const readNifti = async (path: string): Promise<ImageFile> => {
  const file = await openToRead(path, `reading the scan ${path}`, 'give the path of a .nii or .nii.gz file');
  try {
    const { packed, bytes } = await startOf(file);
    if (packed && bytes.length < leastHeaderBytes) {
      throw new NoduleTrainError(
        'nifti-data',
        `reading the header ${path}: only ${bytes.length} bytes of the ${leastHeaderBytes} of a header can be unpacked; it is truncated or damaged, copy it again`,
      );
    }
    const header = checkNiftiHeader(path, bytes);
    const { shape, type, typeName, slope, intercept, dataBytes, voxOffset } = header;
    const { notes, ...grid } = niftiGrid(path, header);
    const values = await readValues(file, path, {
      ...(packed ? { start: 0, packed: 'rest', skip: voxOffset } : { start: voxOffset, packed: null }),
      bytes: dataBytes,
      code: 'nifti-data',
      said: `dim ${shape.toReversed().join(' ')} of ${typeName}`,
      fields: 'dim, datatype or vox_offset',
    });
    const { intensity, spacingUnknown } = saidInText(header.descrip);
    const rescaled = slope !== 1 || intercept !== 0;
    return {
      ...{ shape, slope, intercept, notes, ...grid },
      ...(spacingUnknown && { spacing: null }),
      values: decode(values, type, header.bigEndian),
      // Unsigned values with an intercept may well be HU.
      intensity: intensity ?? (rescaled ? null : intensityOfType(type)),
      uid: basename(path).replace(/\.nii(\.gz)?$/i, ''),
    };
  } finally {
    await file.close();
  }
};

const startOf = async (file: FileHandle): Promise<{ packed: boolean; bytes: Buffer }> => {
  const start = Buffer.alloc(packedStart);
  const { bytesRead } = await file.read(start, 0, packedStart, 0);
  const packed = start[0] === 0x1f && start[1] === 0x8b;
  const there = start.subarray(0, bytesRead);
  return { packed, bytes: packed ? await inflateStart(there, niftiHeaderBytes) : there.subarray(0, niftiHeaderBytes) };
};
