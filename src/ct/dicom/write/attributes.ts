/** Value representations that are written (PS3.5 section 6.2). */
export type WrittenVr = keyof ValueTypes;

type Numbers = number | readonly number[];
type Texts = string | readonly string[];

/** What a value of each VR is given as. An empty string or list writes the attribute without a value (type 2). */
interface ValueTypes {
  AS: Texts;
  AT: AttributeKeyword | readonly AttributeKeyword[];
  CS: Texts;
  DA: Texts;
  /** Numbers are written as exactly as 16 characters allow, texts as they are. */
  DS: Numbers | Texts;
  DT: Texts;
  FD: Numbers;
  FL: Numbers;
  IS: Numbers | Texts;
  LO: Texts;
  LT: string;
  OB: Uint8Array | readonly Uint8Array[];
  OW: Uint8Array | readonly Uint8Array[];
  PN: Texts;
  SH: Texts;
  SQ: readonly DataSet[];
  ST: string;
  TM: Texts;
  UC: Texts;
  UI: Texts;
  UL: Numbers;
  UR: string;
  US: Numbers;
  UT: string;
}

/** The attributes that are written, by keyword (PS3.6). PixelData has the VR that `pixelDataVr` gives it. */
export const writtenAttributes = {
  FileMetaInformationGroupLength: ['00020000', 'UL'],
  FileMetaInformationVersion: ['00020001', 'OB'],
  MediaStorageSOPClassUID: ['00020002', 'UI'],
  MediaStorageSOPInstanceUID: ['00020003', 'UI'],
  TransferSyntaxUID: ['00020010', 'UI'],
  ImplementationClassUID: ['00020012', 'UI'],
  ImplementationVersionName: ['00020013', 'SH'],
  SpecificCharacterSet: ['00080005', 'CS'],
  ImageType: ['00080008', 'CS'],
  InstanceCreationDate: ['00080012', 'DA'],
  InstanceCreationTime: ['00080013', 'TM'],
  SOPClassUID: ['00080016', 'UI'],
  SOPInstanceUID: ['00080018', 'UI'],
  StudyDate: ['00080020', 'DA'],
  SeriesDate: ['00080021', 'DA'],
  ContentDate: ['00080023', 'DA'],
  StudyTime: ['00080030', 'TM'],
  SeriesTime: ['00080031', 'TM'],
  ContentTime: ['00080033', 'TM'],
  AccessionNumber: ['00080050', 'SH'],
  Modality: ['00080060', 'CS'],
  Manufacturer: ['00080070', 'LO'],
  InstitutionName: ['00080080', 'LO'],
  ReferringPhysicianName: ['00080090', 'PN'],
  CodeValue: ['00080100', 'SH'],
  CodingSchemeDesignator: ['00080102', 'SH'],
  CodingSchemeVersion: ['00080103', 'SH'],
  CodeMeaning: ['00080104', 'LO'],
  MappingResource: ['00080105', 'CS'],
  MappingResourceUID: ['00080118', 'UI'],
  LongCodeValue: ['00080119', 'UC'],
  TimezoneOffsetFromUTC: ['00080201', 'SH'],
  StudyDescription: ['00081030', 'LO'],
  SeriesDescription: ['0008103e', 'LO'],
  ManufacturerModelName: ['00081090', 'LO'],
  ReferencedPerformedProcedureStepSequence: ['00081111', 'SQ'],
  ReferencedSeriesSequence: ['00081115', 'SQ'],
  ReferencedImageSequence: ['00081140', 'SQ'],
  ReferencedInstanceSequence: ['0008114a', 'SQ'],
  ReferencedSOPClassUID: ['00081150', 'UI'],
  ReferencedSOPInstanceUID: ['00081155', 'UI'],
  ReferencedFrameNumber: ['00081160', 'IS'],
  ReferencedSOPSequence: ['00081199', 'SQ'],
  StudiesContainingOtherReferencedInstancesSequence: ['00081200', 'SQ'],
  DerivationDescription: ['00082111', 'ST'],
  SourceImageSequence: ['00082112', 'SQ'],
  AnatomicRegionSequence: ['00082218', 'SQ'],
  AnatomicRegionModifierSequence: ['00082220', 'SQ'],
  DerivationImageSequence: ['00089124', 'SQ'],
  DerivationCodeSequence: ['00089215', 'SQ'],
  PatientName: ['00100010', 'PN'],
  PatientID: ['00100020', 'LO'],
  IssuerOfPatientID: ['00100021', 'LO'],
  PatientBirthDate: ['00100030', 'DA'],
  PatientSex: ['00100040', 'CS'],
  PatientAge: ['00101010', 'AS'],
  PatientSize: ['00101020', 'DS'],
  PatientWeight: ['00101030', 'DS'],
  PatientIdentityRemoved: ['00120062', 'CS'],
  DeidentificationMethod: ['00120063', 'LO'],
  DeidentificationMethodCodeSequence: ['00120064', 'SQ'],
  BodyPartExamined: ['00180015', 'CS'],
  SliceThickness: ['00180050', 'DS'],
  SpacingBetweenSlices: ['00180088', 'DS'],
  DeviceSerialNumber: ['00181000', 'LO'],
  SoftwareVersions: ['00181020', 'LO'],
  StudyInstanceUID: ['0020000d', 'UI'],
  SeriesInstanceUID: ['0020000e', 'UI'],
  StudyID: ['00200010', 'SH'],
  SeriesNumber: ['00200011', 'IS'],
  InstanceNumber: ['00200013', 'IS'],
  ImagePositionPatient: ['00200032', 'DS'],
  ImageOrientationPatient: ['00200037', 'DS'],
  FrameOfReferenceUID: ['00200052', 'UI'],
  PositionReferenceIndicator: ['00201040', 'LO'],
  ImageComments: ['00204000', 'LT'],
  StackID: ['00209056', 'SH'],
  InStackPositionNumber: ['00209057', 'UL'],
  FrameContentSequence: ['00209111', 'SQ'],
  PlanePositionSequence: ['00209113', 'SQ'],
  PlaneOrientationSequence: ['00209116', 'SQ'],
  DimensionIndexValues: ['00209157', 'UL'],
  DimensionOrganizationUID: ['00209164', 'UI'],
  DimensionIndexPointer: ['00209165', 'AT'],
  FunctionalGroupPointer: ['00209167', 'AT'],
  DimensionOrganizationSequence: ['00209221', 'SQ'],
  DimensionIndexSequence: ['00209222', 'SQ'],
  DimensionOrganizationType: ['00209311', 'CS'],
  DimensionDescriptionLabel: ['00209421', 'LO'],
  SpatialLocationsPreserved: ['0028135a', 'CS'],
  SamplesPerPixel: ['00280002', 'US'],
  PhotometricInterpretation: ['00280004', 'CS'],
  NumberOfFrames: ['00280008', 'IS'],
  Rows: ['00280010', 'US'],
  Columns: ['00280011', 'US'],
  PixelSpacing: ['00280030', 'DS'],
  BitsAllocated: ['00280100', 'US'],
  BitsStored: ['00280101', 'US'],
  HighBit: ['00280102', 'US'],
  PixelRepresentation: ['00280103', 'US'],
  PixelPaddingValue: ['00280120', 'US'],
  LongitudinalTemporalInformationModified: ['00280303', 'CS'],
  LossyImageCompression: ['00282110', 'CS'],
  LossyImageCompressionRatio: ['00282112', 'DS'],
  LossyImageCompressionMethod: ['00282114', 'CS'],
  PixelMeasuresSequence: ['00289110', 'SQ'],
  RelationshipType: ['0040a010', 'CS'],
  VerifyingOrganization: ['0040a027', 'LO'],
  ValueType: ['0040a040', 'CS'],
  ConceptNameCodeSequence: ['0040a043', 'SQ'],
  ContinuityOfContent: ['0040a050', 'CS'],
  DateTime: ['0040a120', 'DT'],
  Date: ['0040a121', 'DA'],
  Time: ['0040a122', 'TM'],
  PersonName: ['0040a123', 'PN'],
  UID: ['0040a124', 'UI'],
  TextValue: ['0040a160', 'UT'],
  FloatingPointValue: ['0040a161', 'FD'],
  ConceptCodeSequence: ['0040a168', 'SQ'],
  PurposeOfReferenceCodeSequence: ['0040a170', 'SQ'],
  MeasurementUnitsCodeSequence: ['004008ea', 'SQ'],
  NumericValueQualifierCodeSequence: ['0040a301', 'SQ'],
  MeasuredValueSequence: ['0040a300', 'SQ'],
  NumericValue: ['0040a30a', 'DS'],
  ReferencedRequestSequence: ['0040a370', 'SQ'],
  PerformedProcedureCodeSequence: ['0040a372', 'SQ'],
  CurrentRequestedProcedureEvidenceSequence: ['0040a375', 'SQ'],
  CompletionFlag: ['0040a491', 'CS'],
  CompletionFlagDescription: ['0040a492', 'LO'],
  VerificationFlag: ['0040a493', 'CS'],
  PreliminaryFlag: ['0040a496', 'CS'],
  ContentTemplateSequence: ['0040a504', 'SQ'],
  ContentSequence: ['0040a730', 'SQ'],
  TemplateIdentifier: ['0040db00', 'CS'],
  SegmentationType: ['00620001', 'CS'],
  SegmentSequence: ['00620002', 'SQ'],
  SegmentedPropertyCategoryCodeSequence: ['00620003', 'SQ'],
  SegmentNumber: ['00620004', 'US'],
  SegmentLabel: ['00620005', 'LO'],
  SegmentDescription: ['00620006', 'ST'],
  SegmentationAlgorithmIdentificationSequence: ['00620007', 'SQ'],
  SegmentAlgorithmType: ['00620008', 'CS'],
  SegmentAlgorithmName: ['00620009', 'LO'],
  SegmentIdentificationSequence: ['0062000a', 'SQ'],
  ReferencedSegmentNumber: ['0062000b', 'US'],
  RecommendedDisplayGrayscaleValue: ['0062000c', 'US'],
  RecommendedDisplayCIELabValue: ['0062000d', 'US'],
  SegmentedPropertyTypeCodeSequence: ['0062000f', 'SQ'],
  SegmentsOverlap: ['00620013', 'CS'],
  TrackingID: ['00620020', 'UT'],
  TrackingUID: ['00620021', 'UI'],
  AlgorithmVersion: ['00660031', 'LO'],
  AlgorithmParameters: ['00660032', 'LT'],
  AlgorithmFamilyCodeSequence: ['0066002f', 'SQ'],
  AlgorithmNameCodeSequence: ['00660030', 'SQ'],
  AlgorithmName: ['00660036', 'LO'],
  GraphicData: ['00700022', 'FL'],
  GraphicType: ['00700023', 'CS'],
  ContentLabel: ['00700080', 'CS'],
  ContentDescription: ['00700081', 'LO'],
  ContentCreatorName: ['00700084', 'PN'],
  ReferencedFrameOfReferenceUID: ['30060024', 'UI'],
  SharedFunctionalGroupsSequence: ['52009229', 'SQ'],
  PerFrameFunctionalGroupsSequence: ['52009230', 'SQ'],
  PixelData: ['7fe00010', 'OW'],
} as const satisfies Record<string, readonly [tag: string, vr: WrittenVr]>;

export type AttributeKeyword = keyof typeof writtenAttributes;

/** A data set or an item of a sequence, by keyword. An attribute that is undefined is not written. */
export type DataSet = {
  readonly [Keyword in AttributeKeyword]?: ValueTypes[(typeof writtenAttributes)[Keyword][1]] | undefined;
};
