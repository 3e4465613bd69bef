export { bodyInSlice } from './regions/bodyInSlice.js';
export { checkOptions } from './checkOptions.js';
export { type Component, type Components, connectedComponents, type Index3 } from './regions/components.js';
export { type ConvertedScan, type ConvertScanOptions, convertScan, convertScanOptionsSchema } from './convertScan.js';
export { dicomMaskKind } from './dicom/dicomMaskKind.js';
export { layOnGrid } from './dicom/layOnGrid.js';
export { type DicomSeries, listSeries } from './dicom/listSeries.js';
export { readSegmentation, type Segmentation } from './dicom/readSegmentation.js';
export { readStructureSet, type StructureSet } from './dicom/readStructureSet.js';
export { isImageFile, uidOf } from './formats.js';
export {
  type IndexIRC,
  indexIRC,
  indexToWorld,
  isInside,
  knownSpacing,
  nearestIndex,
  type WorldLPS,
  worldLPS,
  worldToIndex,
} from './grid/geometry.js';
export { greySlice } from './pictures/greySlice.js';
export { lungMask } from './regions/lungMask.js';
export { median, upperMedian } from './median.js';
export { type OutlinedSlice, outlinePicture, type SliceWindow } from './pictures/outlinePicture.js';
export {
  type MaskOptions,
  maskOptionsSchema,
  type ReadOptions,
  readMask,
  readOptionsSchema,
  readVolume,
} from './readVolume.js';
export { refuseExisting } from './refuseExisting.js';
export { resampleMask, resampleVolume } from './grid/resample.js';
export { siblingFile } from './imageFile/siblingFile.js';
export {
  type Geometry,
  identityDirection,
  type MaskVolume,
  type Matrix3,
  type Shape3,
  storedValue,
  type Vector3,
  type Volume,
  voxelCount,
} from './grid/volume.js';
export { writeMask, writeVolume } from './writeVolume.js';
