import type { DataSet } from '../../../ct/index.js';

/** A coded concept: value, coding scheme, meaning. */
export type Code = readonly [value: string, scheme: string, meaning: string];

/** One item of a code sequence. */
export const codeItem = ([CodeValue, CodingSchemeDesignator, CodeMeaning]: Code): DataSet => ({
  CodeValue,
  CodingSchemeDesignator,
  CodeMeaning,
});

/** Names of content items (PS3.16 TID 1500, 1204, 1004, 1600, 1411, 1419, 4019). */
export const names = {
  report: ['126000', 'DCM', 'Imaging Measurement Report'],
  language: ['121049', 'DCM', 'Language of Content Item and Descendants'],
  observerType: ['121005', 'DCM', 'Observer Type'],
  observerUid: ['121012', 'DCM', 'Device Observer UID'],
  observerName: ['121013', 'DCM', 'Device Observer Name'],
  observerManufacturer: ['121014', 'DCM', 'Device Observer Manufacturer'],
  observerModel: ['121015', 'DCM', 'Device Observer Model Name'],
  procedure: ['121058', 'DCM', 'Procedure reported'],
  imageLibrary: ['111028', 'DCM', 'Image Library'],
  imageLibraryGroup: ['126200', 'DCM', 'Image Library Group'],
  modality: ['121139', 'DCM', 'Modality'],
  measurements: ['126010', 'DCM', 'Imaging Measurements'],
  group: ['125007', 'DCM', 'Measurement Group'],
  trackingIdentifier: ['112039', 'DCM', 'Tracking Identifier'],
  trackingUid: ['112040', 'DCM', 'Tracking Unique Identifier'],
  finding: ['121071', 'DCM', 'Finding'],
  findingSite: ['363698007', 'SCT', 'Finding Site'],
  segment: ['121191', 'DCM', 'Referenced Segment'],
  sourceSeries: ['121232', 'DCM', 'Source series for segmentation'],
  sourceOfMeasurement: ['121112', 'DCM', 'Source of Measurement'],
  method: ['370129005', 'SCT', 'Measurement Method'],
  derivation: ['121401', 'DCM', 'Derivation'],
  algorithmName: ['111001', 'DCM', 'Algorithm Name'],
  algorithmVersion: ['111003', 'DCM', 'Algorithm Version'],
  algorithmParameters: ['111002', 'DCM', 'Algorithm Parameters'],
  texture: ['C41144', 'NCIt', 'Texture'],
  evaluations: ['C0034375', 'UMLS', 'Qualitative Evaluations'],
  outcome: ['111017', 'DCM', 'CAD Processing and Findings Summary'],
  comment: ['121106', 'DCM', 'Comment'],
} as const satisfies Record<string, Code>;

/** Names of measurements (PS3.16 CID 218; CID 6048 for the certainty). */
export const quantities = {
  volume: ['118565006', 'SCT', 'Volume'],
  longAxis: ['103339001', 'SCT', 'Long axis'],
  shortAxis: ['103340004', 'SCT', 'Short axis'],
  diameter: ['81827009', 'SCT', 'Diameter'],
  attenuation: ['112031', 'DCM', 'Attenuation Coefficient'],
  certainty: ['111012', 'DCM', 'Certainty of Finding'],
} as const satisfies Record<string, Code>;

export const units = {
  mm: ['mm', 'UCUM', 'Millimeter'],
  mm3: ['mm3', 'UCUM', 'Cubic millimeter'],
  hu: ["[hnsf'U]", 'UCUM', 'Hounsfield unit'],
  percent: ['%', 'UCUM', 'Percent'],
} as const satisfies Record<string, Code>;

export const values = {
  english: ['en', 'RFC5646', 'English'],
  device: ['121007', 'DCM', 'Device'],
  nodule: ['27925004', 'SCT', 'Nodule'],
  lung: ['39607008', 'SCT', 'Lung'],
  contiguousSlices: ['122503', 'DCM', 'Integration of sum of closed areas on contiguous slices'],
  planar: ['112188', 'DCM', 'Two-dimensional method'],
  spatial: ['112189', 'DCM', 'Three-dimensional method'],
  maximum: ['56851009', 'SCT', 'Maximum'],
  mean: ['373098007', 'SCT', 'Mean'],
  standardDeviation: ['386136009', 'SCT', 'Standard Deviation'],
  withFindings: ['111242', 'DCM', 'All algorithms succeeded; with findings'],
  withoutFindings: ['111241', 'DCM', 'All algorithms succeeded; without findings'],
  solid: ['RID50151', 'RADLEX', 'Solid'],
  'part-solid': ['RID50152', 'RADLEX', 'Part-solid'],
  'non-solid': ['RID50153', 'RADLEX', 'Non-solid'],
} as const satisfies Record<string, Code>;

/** Procedures of PS3.16 CID 100 by modality. */
export const procedures: Readonly<Record<string, Code>> = {
  CT: ['25045-6', 'LN', 'CT unspecified body region'],
  MR: ['25056-3', 'LN', 'MRI unspecified body region'],
  PT: ['44139-4', 'LN', 'PET unspecified body region'],
};
export const anyProcedure: Code = ['363679005', 'SCT', 'Imaging procedure'];

/** Modalities as codes (PS3.16 CID 29). */
export const modalities: Readonly<Record<string, Code>> = {
  CT: ['CT', 'DCM', 'Computed Tomography'],
  MR: ['MR', 'DCM', 'Magnetic Resonance'],
  PT: ['PT', 'DCM', 'Positron emission tomography'],
};
