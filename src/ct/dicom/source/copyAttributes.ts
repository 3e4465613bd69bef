import type { DataSet as ParsedDataSet } from 'dicom-parser';
import { type AttributeKeyword, type DataSet, writtenAttributes } from '../write/attributes.js';
import { extendedText, faultInText } from '../write/faultInText.js';
import { decodeText } from './decodeText.js';

interface Rule {
  /** 2: written without a value where the scan has none; 3: omitted then. */
  readonly type: 2 | 3;
  /** The values that the standard allows. */
  readonly terms?: readonly string[];
  /** A description, which is cut to its length; a name or number would become another one and is left out. */
  readonly cut?: true;
  readonly several?: true;
}

type Rules = Partial<Record<AttributeKeyword, Rule>>;

/** PS3.3 tables C.7-1 and C.7-4a, as far as it is copied. */
const patientRules = {
  PatientName: { type: 2 },
  PatientID: { type: 2 },
  IssuerOfPatientID: { type: 3 },
  PatientBirthDate: { type: 2 },
  PatientSex: { type: 2, terms: ['M', 'F', 'O'] },
  PatientAge: { type: 3 },
  PatientSize: { type: 3 },
  PatientWeight: { type: 3 },
  PatientIdentityRemoved: { type: 3, terms: ['YES', 'NO'] },
  DeidentificationMethod: { type: 3, cut: true, several: true },
} as const satisfies Rules;

/** PS3.3 table C.7-3. */
const studyRules = {
  StudyDate: { type: 2 },
  StudyTime: { type: 2 },
  AccessionNumber: { type: 2 },
  ReferringPhysicianName: { type: 2 },
  StudyDescription: { type: 3, cut: true },
  StudyID: { type: 2 },
} as const satisfies Rules;

const seriesRules = {
  BodyPartExamined: { type: 3 },
  SeriesNumber: { type: 3 },
  LongitudinalTemporalInformationModified: { type: 3, terms: ['UNMODIFIED', 'MODIFIED', 'REMOVED'] },
  LossyImageCompression: { type: 3, terms: ['00', '01'] },
  LossyImageCompressionRatio: { type: 3, several: true },
  LossyImageCompressionMethod: { type: 3, several: true },
} as const satisfies Rules;

const frameOfReferenceRules = { PositionReferenceIndicator: { type: 2 } } as const satisfies Rules;

export interface CopiedAttributes {
  readonly patient: DataSet;
  readonly study: DataSet;
  readonly series: DataSet;
  readonly frameOfReference: DataSet;
  /** A valid UID of the file, undefined where it has none. */
  readonly uid: (keyword: 'StudyInstanceUID' | 'FrameOfReferenceUID') => string | undefined;
  /** Names of attributes and what was wrong with them, never a value. */
  readonly notes: readonly string[];
}

/** Copies the attributes of patient, study, series and frame of reference, each made valid for its VR. */
export function copyAttributes(source: ParsedDataSet): CopiedAttributes {
  const absent: string[] = [];
  const invalid: string[] = [];
  const shortened: string[] = [];
  let guessed = false;
  const terms = (rawText(source, 'SpecificCharacterSet') ?? '').split('\\').map((term) => term.trim());
  const textOf = (from: ParsedDataSet, keyword: AttributeKeyword): string | null => {
    const bytes = rawBytes(from, keyword);
    if (bytes === null || !extendedText.has(writtenAttributes[keyword][1])) return rawText(from, keyword);
    const decoded = decodeText(bytes, terms);
    guessed ||= decoded.guessed;
    return trimmed(decoded.text);
  };
  const copy = (keyword: AttributeKeyword, rule: Rule): string | readonly string[] | undefined => {
    const text = textOf(source, keyword);
    const nothing = rule.type === 2 ? '' : undefined;
    if (text === null && rule.type === 2) absent.push(keyword);
    if (text === null || text === '') return nothing;
    const values = rule.several === true ? text.split('\\').map(trimmed) : [text];
    const kept: string[] = [];
    for (const value of values) {
      const checked = checkedValue(keyword, value, rule);
      if ('fault' in checked) invalid.push(`${keyword} ${checked.fault}`);
      else kept.push(checked.value);
      if ('value' in checked && checked.cut) shortened.push(keyword);
    }
    return kept.length === 0 ? nothing : rule.several === true ? kept : kept[0];
  };
  const copyAll = (rules: Rules): DataSet =>
    Object.fromEntries(
      Object.entries(rules).map(([keyword, rule]) => [keyword, copy(keyword as AttributeKeyword, rule)]),
    );
  const copyCodes = (keyword: AttributeKeyword): DataSet[] =>
    itemsOf(source, keyword).flatMap((item) => {
      const code = (['CodeValue', 'CodingSchemeDesignator', 'CodeMeaning'] as const).map((part) => {
        const text = textOf(item, part);
        return text && faultInText(writtenAttributes[part][1], text) === null ? text : null;
      });
      const [CodeValue, CodingSchemeDesignator, CodeMeaning] = code as string[];
      return code.includes(null) ? [] : [{ CodeValue, CodingSchemeDesignator, CodeMeaning }];
    });
  const patient = copyIdentity(copyAll(patientRules), copyCodes('DeidentificationMethodCodeSequence'));
  const study = copyAll(studyRules);
  const series = copyAll(seriesRules);
  const frameOfReference = copyAll(frameOfReferenceRules);
  const notes = [
    ...noteOn(absent, 'the scan lacks', 'DICOM results have them without a value'),
    ...noteOn(shortened, 'too long in the scan:', 'DICOM results have them cut to the length of their VR'),
    ...noteOn(invalid, 'invalid in the scan:', 'DICOM results have no value there'),
    ...(guessed ? ['text beyond ASCII is not covered by SpecificCharacterSet: its characters are guessed'] : []),
  ];
  const uid: CopiedAttributes['uid'] = (keyword) => {
    const text = rawText(source, keyword);
    return text !== null && text !== '' && faultInText('UI', text) === null ? text : undefined;
  };
  return { patient, study, series, frameOfReference, uid, notes };
}

const noteOn = (names: readonly string[], what: string, then: string): string[] =>
  names.length === 0 ? [] : [`${what} ${[...new Set(names)].join('; ')}. ${then}`];

/** An identity that was removed must name a method (PS3.3 table C.7-1); without one the statement is left out. */
const copyIdentity = (patient: DataSet, codes: readonly DataSet[]): DataSet => {
  const stated = patient.DeidentificationMethod !== undefined || codes.length > 0;
  if (patient.PatientIdentityRemoved === 'YES' && !stated) return { ...patient, PatientIdentityRemoved: undefined };
  return { ...patient, DeidentificationMethodCodeSequence: codes.length > 0 ? codes : undefined };
};

type Checked = { readonly value: string; readonly cut: boolean } | { readonly fault: string };

const checkedValue = (keyword: AttributeKeyword, given: string, { terms, cut }: Rule): Checked => {
  const vr = writtenAttributes[keyword][1];
  const value = modern(vr, given);
  if (terms !== undefined && !terms.includes(value)) return { fault: `is not one of ${terms.join(', ')}` };
  const fault = faultInText(vr, value);
  if (fault === null) return { value, cut: false };
  if (cut === true) {
    const short = [...value].slice(0, 64).join('').trim();
    if (faultInText(vr, short) === null) return { value: short, cut: true };
  }
  return { fault };
};

/** Dates and times of ACR-NEMA, which PS3.5 asks readers to accept: 1999.12.31 and 23:59:59. */
const modern = (vr: string, value: string): string => {
  if (vr === 'DA') return value.replace(/^(\d{4})\.(\d\d)\.(\d\d)$/, '$1$2$3');
  if (vr === 'TM') return value.replace(/^(\d\d):(\d\d)(:(\d\d(\.\d+)?))?$/, '$1$2$4');
  return value;
};

const trimmed = (text: string): string => text.replace(/^[\0 ]+|[\0 ]+$/g, '');

/** The bytes of an element, null where the file has none or it is cut off. */
const rawBytes = ({ elements, byteArray }: ParsedDataSet, keyword: AttributeKeyword): Uint8Array | null => {
  const element = elements[`x${writtenAttributes[keyword][0]}`];
  if (element === undefined || element.dataOffset + element.length > byteArray.length) return null;
  return byteArray.subarray(element.dataOffset, element.dataOffset + element.length);
};

const rawText = (source: ParsedDataSet, keyword: AttributeKeyword): string | null => {
  const bytes = rawBytes(source, keyword);
  return bytes === null ? null : trimmed(Buffer.from(bytes).toString('latin1'));
};

const itemsOf = ({ elements }: ParsedDataSet, keyword: AttributeKeyword): readonly ParsedDataSet[] =>
  (elements[`x${writtenAttributes[keyword][0]}`]?.items ?? []).flatMap(({ dataSet }) => dataSet ?? []);
