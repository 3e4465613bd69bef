import { NoduleTrainError, replaceFile } from '../../../runtime/index.js';
import type { DataSet } from './attributes.js';
import { derivedUid } from './derivedUid.js';
import { encodeDataSet, merged, needsCharacterSet } from './encodeDataSet.js';

const explicitLittleEndian = '1.2.840.10008.1.2.1';

/** Names this writer in every file. */
const implementation = derivedUid('nodule-train', 'DICOM writer');

/**
 * Writes a data set as a DICOM file (PS3.10) in Explicit VR Little Endian, whole or not at all. SpecificCharacterSet is
 * added where a text is not ASCII: UTF-8.
 * @throws NoduleTrainError `dicom-write` where a value violates its VR; `disk-full`, `write-failed`
 */
export async function writeDicomFile(path: string, dataSet: DataSet): Promise<void> {
  await replaceFile(path, encodeDicomFile(dataSet));
}

/**
 * Encodes a whole DICOM file: preamble, file meta information and data set, as chunks in their order.
 * @throws NoduleTrainError `dicom-write`
 */
export function encodeDicomFile(dataSet: DataSet): readonly Uint8Array[] {
  const { SOPClassUID, SOPInstanceUID } = dataSet;
  if (!SOPClassUID || !SOPInstanceUID)
    throw new NoduleTrainError('dicom-write', 'writing a DICOM object: it has no SOPClassUID or no SOPInstanceUID');
  const meta = encodeDataSet({
    FileMetaInformationVersion: Uint8Array.of(0, 1),
    MediaStorageSOPClassUID: SOPClassUID,
    MediaStorageSOPInstanceUID: SOPInstanceUID,
    TransferSyntaxUID: explicitLittleEndian,
    ImplementationClassUID: implementation,
    ImplementationVersionName: 'NODULE_TRAIN',
  });
  const length = encodeDataSet({ FileMetaInformationGroupLength: meta.length });
  const SpecificCharacterSet = needsCharacterSet(dataSet) ? 'ISO_IR 192' : undefined;
  const { chunks } = encodeDataSet({ ...dataSet, SpecificCharacterSet });
  return merged([Buffer.alloc(128), Buffer.from('DICM'), ...length.chunks, ...meta.chunks, ...chunks]);
}
