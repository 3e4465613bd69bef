/** How a value is stored: text, a UID, numbers as text (DS, IS), binary numbers, a sequence, or bytes. */
export type Kind = 'text' | 'uid' | 'decimal' | 'us' | 'xs' | 'ul' | 'double' | 'sequence' | 'bytes';

/**
 * The tags that are read, by keyword (PS3.6). It has no tag about the patient, the physician or the institution, so
 * none can reach a volume, a note or an error.
 */
export const dictionary = {
  SpecificCharacterSet: ['00080005', 'text'],
  ImageType: ['00080008', 'text'],
  SOPClassUID: ['00080016', 'uid'],
  SOPInstanceUID: ['00080018', 'uid'],
  Modality: ['00080060', 'text'],
  SliceThickness: ['00180050', 'decimal'],
  StudyInstanceUID: ['0020000d', 'uid'],
  SeriesInstanceUID: ['0020000e', 'uid'],
  ImagePositionPatient: ['00200032', 'decimal'],
  ImageOrientationPatient: ['00200037', 'decimal'],
  FrameOfReferenceUID: ['00200052', 'uid'],
  SamplesPerPixel: ['00280002', 'us'],
  PhotometricInterpretation: ['00280004', 'text'],
  NumberOfFrames: ['00280008', 'decimal'],
  Rows: ['00280010', 'us'],
  Columns: ['00280011', 'us'],
  PixelSpacing: ['00280030', 'decimal'],
  BitsAllocated: ['00280100', 'us'],
  BitsStored: ['00280101', 'us'],
  HighBit: ['00280102', 'us'],
  PixelRepresentation: ['00280103', 'us'],
  PixelPaddingValue: ['00280120', 'xs'],
  RescaleIntercept: ['00281052', 'decimal'],
  RescaleSlope: ['00281053', 'decimal'],
  RescaleType: ['00281054', 'text'],
  ReferencedSeriesSequence: ['00081115', 'sequence'],
  ReferencedInstanceSequence: ['0008114a', 'sequence'],
  ReferencedSOPInstanceUID: ['00081155', 'uid'],
  SourceImageSequence: ['00082112', 'sequence'],
  FrameType: ['00089007', 'text'],
  DerivationImageSequence: ['00089124', 'sequence'],
  CTImageFrameTypeSequence: ['00189329', 'sequence'],
  ConcatenationUID: ['00209161', 'uid'],
  PlanePositionSequence: ['00209113', 'sequence'],
  PlaneOrientationSequence: ['00209116', 'sequence'],
  PixelMeasuresSequence: ['00289110', 'sequence'],
  PixelValueTransformationSequence: ['00289145', 'sequence'],
  SharedFunctionalGroupsSequence: ['52009229', 'sequence'],
  PerFrameFunctionalGroupsSequence: ['52009230', 'sequence'],
  SegmentationType: ['00620001', 'text'],
  SegmentSequence: ['00620002', 'sequence'],
  SegmentNumber: ['00620004', 'us'],
  SegmentLabel: ['00620005', 'text'],
  SegmentIdentificationSequence: ['0062000a', 'sequence'],
  ReferencedSegmentNumber: ['0062000b', 'us'],
  MaximumFractionalValue: ['0062000e', 'us'],
  ReferencedFrameOfReferenceSequence: ['30060010', 'sequence'],
  RTReferencedStudySequence: ['30060012', 'sequence'],
  RTReferencedSeriesSequence: ['30060014', 'sequence'],
  ContourImageSequence: ['30060016', 'sequence'],
  StructureSetROISequence: ['30060020', 'sequence'],
  ROINumber: ['30060022', 'decimal'],
  ReferencedFrameOfReferenceUID: ['30060024', 'uid'],
  ROIName: ['30060026', 'text'],
  ROIContourSequence: ['30060039', 'sequence'],
  ContourSequence: ['30060040', 'sequence'],
  ContourGeometricType: ['30060042', 'text'],
  NumberOfContourPoints: ['30060046', 'decimal'],
  ContourData: ['30060050', 'decimal'],
  ReferencedROINumber: ['30060084', 'decimal'],
  FloatPixelData: ['7fe00008', 'bytes'],
  DoubleFloatPixelData: ['7fe00009', 'bytes'],
  PixelData: ['7fe00010', 'bytes'],
} as const satisfies Record<string, readonly [tag: string, kind: Kind]>;

export type Keyword = keyof typeof dictionary;

/** "PixelSpacing (0028,0030)", as errors name a tag. */
export const tagName = (keyword: Keyword): string => {
  const [tag] = dictionary[keyword];
  return `${keyword} (${tag.slice(0, 4)},${tag.slice(4)})`;
};
