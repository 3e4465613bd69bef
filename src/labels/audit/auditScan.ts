import { lungMask, storedValue, upperMedian, type Volume } from '../../ct/index.js';
import { equivalentDiameterMm } from '../equivalentDiameterMm.js';
import {
  type AuditCheck,
  type AuditFlag,
  auditChecks,
  type NoduleFigures,
  type NoduleToAudit,
  type NotJudged,
  type ScanAudit,
  type ScanToAudit,
} from './auditTypes.js';
import { border, diameter, empty, leavesLung, outsideLung, round } from './maskChecks.js';
import { type LungField, mirrored } from './mirrorCheck.js';
import { noduleVoxels } from './noduleVoxels.js';
import { pairChecks, sameNodule } from './pairChecks.js';
import { outsideBody, outsideVolume } from './pointChecks.js';

const LUNG_CHECKS: readonly AuditCheck[] = ['outside-body', 'mirrored', 'leaves-lung'];

/** Contrast to normal lung above which a voxel is dense. Ground glass exceeds it; single noisy voxels may, too. */
const DENSER_HU = 130;
/** Upper limit of air-filled lung. */
const DARK_HU = -500;

/**
 * Checks the ground truth of one scan: flags suspicious labels, with figures, and lists the checks it could not make.
 * Checks in millimetres need a known spacing; checks against lungs and body also need HU.
 *
 * @returns the audit, and the lung mask for pictures (null if none was needed or found)
 */
export function auditScan(scan: ScanToAudit): { audit: ScanAudit; lungs: Uint8Array | null } {
  const { volume, mask } = scan;
  const nodules = auditedNodules(scan);
  const { shape, spacing, uid } = volume;
  const notJudged: NotJudged[] = [];
  const field = nodules.length === 0 ? null : lungFieldOf(volume, notJudged);
  const voxels = noduleVoxels({ volume, mask, nodules }, (a, b) => sameNodule(nodules[a]!, nodules[b]!, spacing));
  const flags: AuditFlag[] = [...outsideVolume(volume, nodules)];
  if (field !== null) {
    flags.push(...outsideBody(volume, field.lungs, nodules), ...mirrored(volume, field, nodules));
  }
  flags.push(...empty(volume, nodules, voxels));
  if (spacing === null) {
    notJudged.push({ check: 'diameter', reason: 'the spacing is unknown' });
    notJudged.push({
      check: 'border',
      reason: 'along the slices: without a spacing the stack may be cropped to the nodule',
    });
  }
  const figures = nodules.map((one, nodule): NoduleFigures => {
    const own = voxels[nodule]!;
    const maskMm = spacing === null ? null : equivalentDiameterMm(own.length, spacing);
    const outside = field === null || own.length === 0 ? null : outsideLung(volume, field.lungs, one.box, own);
    if (one.diameterMm === null && spacing !== null) {
      for (const check of ['diameter', 'mirrored'] as const) {
        notJudged.push({ check, nodule, reason: 'the annotation has no diameter' });
      }
    }
    const found = [
      outside === null ? null : leavesLung(nodule, outside),
      own.length === 0 || maskMm === null || one.diameterMm === null
        ? null
        : diameter(nodule, one.diameterMm, maskMm, spacing!),
      border(nodule, volume, own, spacing !== null),
    ];
    flags.push(...found.filter((flag) => flag !== null));
    return {
      center: one.center,
      annotatedMm: one.diameterMm === null ? null : round(one.diameterMm),
      maskMm: maskMm === null ? null : round(maskMm),
      voxels: own.length,
      shareOutsideLung: outside === null ? null : round(outside.share),
    };
  });
  flags.push(...pairChecks(volume, nodules, voxels));
  const order = Object.keys(auditChecks);
  flags.sort((a, b) => a.nodule - b.nodule || order.indexOf(a.check) - order.indexOf(b.check));
  return { audit: { uid, shape, spacing, nodules: figures, flags, notJudged }, lungs: field?.lungs ?? null };
}

/** The nodules of a scan, then its lost annotations, as they are numbered in an audit. */
export const auditedNodules = ({ nodules, lost = [] }: Pick<ScanToAudit, 'nodules' | 'lost'>): NoduleToAudit[] => [
  ...nodules,
  ...lost.map((one) => ({ ...one, box: { low: one.center, high: one.center } })),
];

/**
 * Finds the lungs and the density that separates lung from tissue; null, with the reason in `notJudged`, if it cannot.
 */
function lungFieldOf(volume: Volume, notJudged: NotJudged[]): LungField | null {
  const cannot = (reason: string) => {
    for (const check of LUNG_CHECKS) notJudged.push({ check, reason });
    return null;
  };
  if (volume.intensity !== 'hu') return cannot('the values are not Hounsfield units');
  if (volume.spacing === null) return cannot('the spacing is unknown');
  const lungs = lungMask(volume);
  const dark = storedValue(volume, DARK_HU);
  const values: number[] = [];
  // Every 101st voxel: a prime step, so that the sample favours no column of the grid.
  for (let at = 0; at < lungs.length; at += 101) {
    if (lungs[at] !== 0 && volume.voxels[at]! < dark) values.push(volume.voxels[at]!);
  }
  const normalLung = upperMedian(Float64Array.from(values));
  if (normalLung === null) return cannot('no lung was found in the scan');
  return { lungs, dense: normalLung + DENSER_HU / volume.scale };
}
