export { checkOptions } from './checkOptions.js';
export { type ConvertedScan, type ConvertScanOptions, convertScan, convertScanOptionsSchema } from './convertScan.js';
export { type DicomSeries, filesOf, listSeries } from './dicom/listSeries.js';
export { dicomMaskKind } from './dicom/masks/dicomMaskKind.js';
export { findMask } from './dicom/masks/findMask.js';
export { layOnGrid } from './dicom/masks/layOnGrid.js';
export { checkReferences } from './dicom/masks/maskReferences.js';
export { readSegmentation, type Segmentation } from './dicom/masks/readSegmentation.js';
export { readStructureSet, type StructureSet } from './dicom/masks/readStructureSet.js';
export { startsLikeDicom } from './dicom/readDicomFile.js';
export { type LabelledVoxels, layOnSlices } from './dicom/segmentation/layOnSlices.js';
export {
  type SegmentationToWrite,
  type SegmentToWrite,
  type WrittenSegmentation,
  writeSegmentation,
} from './dicom/segmentation/writeSegmentation.js';
export { readSourceAttributes, type SourceAttributes, type SourceSlice } from './dicom/source/readSourceAttributes.js';
export { resultSeriesNumber } from './dicom/source/resultSeriesNumber.js';
export type { DataSet } from './dicom/write/attributes.js';
export { derivedUid } from './dicom/write/derivedUid.js';
export { writeDicomFile } from './dicom/write/writeDicomFile.js';
export {
  type FindScansOptions,
  type FoundScans,
  findScans,
  type ScanSource,
  type SkippedScan,
} from './discovery/findScans.js';
export { isSystemEntry, listFiles } from './discovery/listFiles.js';
export { isImageFile, uidOf } from './formats.js';
export { checkSameGrid } from './grid/checkSameGrid.js';
export { checkSameVoxels } from './grid/checkSameVoxels.js';
export { checkVolume } from './grid/checkVolume.js';
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
export { type LaidImage, layOnScan, type PlacedImage } from './grid/layOnScan.js';
export { apply, cross, dot, inverse, subtract, transpose } from './grid/matrix3.js';
export { resampleMask, resampleVolume } from './grid/resample.js';
export {
  type Geometry,
  identityDirection,
  type MaskVolume,
  type Matrix3,
  pickGeometry,
  type Shape3,
  storedValue,
  type Vector3,
  type Volume,
  voxelCount,
} from './grid/volume.js';
export { siblingFile } from './imageFile/siblingFile.js';
export { median, upperMedian } from './median.js';
export { type DisplayRange, displayRange } from './pictures/displayRange.js';
export { drawStrokes, type Point } from './pictures/drawStrokes.js';
export { drawText, textWidth } from './pictures/drawText.js';
export { greySlice } from './pictures/greySlice.js';
export { type OutlinedSlice, outlinePicture, type SliceWindow } from './pictures/outlinePicture.js';
export { type ArrayAxis, type PatientView, patientViews } from './pictures/patientViews.js';
export { type PlaneWindow, placeOn, planeImage } from './pictures/planeImage.js';
export { type Colour, createImage, fillRectangle, pasteImage, type RgbImage } from './pictures/rgbImage.js';
export { slicePicture } from './pictures/slicePicture.js';
export { type MaskFile, readMask } from './readMask.js';
export {
  type MaskOptions,
  maskOptionsSchema,
  pickScanFileOptions,
  type ReadOptions,
  readOptionsSchema,
  type ScanFileOptions,
  scanFileSchema,
} from './readOptions.js';
export { type MaskValues, type Prediction, readPrediction } from './readPrediction.js';
export { readVolume } from './readVolume.js';
export { refuseExisting } from './refuseExisting.js';
export { bodyInSlice } from './regions/bodyInSlice.js';
export { type ComponentRuns, ComponentStream, type Runs, type SliceBox } from './regions/componentStream.js';
export {
  type Component,
  type Components,
  connectedComponents,
  type Index3,
  labelVoxels,
} from './regions/components.js';
export { lungMask } from './regions/lungMask.js';
export { describeValues } from './values/describeValues.js';
export { examineValues, type ValueFinding } from './values/examineValues.js';
export { warnAboutScan } from './warnAboutScan.js';
export { writeMask, writeOnGrid, writeVolume } from './writeVolume.js';
