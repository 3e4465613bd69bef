import { basename } from 'node:path';
import { replaceFile } from '../../runtime/index.js';
import { transpose } from '../grid/matrix3.js';
import type { Geometry } from '../grid/volume.js';
import { packZlib } from '../imageFile/deflate.js';
import { machineIsLittleEndian, viewBytes } from '../imageFile/elementType.js';
import type { ValuesToWrite } from '../imageFile/imageFile.js';
import { orientationOf } from './anatomicalOrientation.js';

interface MetaImage extends Geometry {
  readonly values: ValuesToWrite;
  readonly modality?: string | undefined;
}

/**
 * Writes a MetaImage file as ITK does: `.mha` alone, or `.mhd` with its `.zraw` (`.raw` where not compressed) beside
 * it. Values have this machine's byte order. The data file is written first and the header last, so a header never
 * lacks its data.
 * @throws NoduleTrainError `scan-write`
 */
export const writeMetaImage = async (path: string, image: MetaImage, compress: boolean): Promise<void> => {
  const raw = viewBytes(image.values);
  const data = compress ? await packZlib(raw) : raw;
  if (path.toLowerCase().endsWith('.mha')) {
    await replaceFile(path, Buffer.concat([headerOf(image, 'LOCAL', compress, data.length), data]), 'scan-write');
    return;
  }
  const dataPath = path.replace(/\.mhd$/i, compress ? '.zraw' : '.raw');
  await replaceFile(dataPath, data, 'scan-write');
  await replaceFile(path, headerOf(image, basename(dataPath), compress, data.length), 'scan-write');
};

const typeNames = new Map<unknown, string>([
  [Uint8Array, 'MET_UCHAR'],
  [Int16Array, 'MET_SHORT'],
  [Float32Array, 'MET_FLOAT'],
  [Float64Array, 'MET_DOUBLE'],
]);

const headerOf = (image: MetaImage, dataFile: string, compressed: boolean, dataBytes: number): Buffer => {
  const axes = transpose(image.direction);
  const lines: [string, string | number][] = [
    ['ObjectType', 'Image'],
    ['NDims', 3],
    ['BinaryData', 'True'],
    ['BinaryDataByteOrderMSB', machineIsLittleEndian ? 'False' : 'True'],
    ['CompressedData', compressed ? 'True' : 'False'],
    ...(compressed ? ([['CompressedDataSize', dataBytes]] as [string, number][]) : []),
    ['TransformMatrix', axes.flat().join(' ')],
    ['Offset', image.origin.join(' ')],
    ['CenterOfRotation', '0 0 0'],
    ['AnatomicalOrientation', orientationOf(axes)],
    ...(image.modality ? ([['Modality', image.modality]] as [string, string][]) : []),
    ...(image.spacing ? ([['ElementSpacing', image.spacing.join(' ')]] as [string, string][]) : []),
    ['DimSize', image.shape.toReversed().join(' ')],
    ['ElementType', typeNames.get(image.values.constructor) ?? ''],
    ['ElementDataFile', dataFile],
  ];
  return Buffer.from(lines.map(([key, value]) => `${key} = ${value}\n`).join(''), 'latin1');
};
