import { lungMask, storedValue, type Volume } from '../../ct/index.js';
import {
  type AuditCheck,
  type AuditFlag,
  auditChecks,
  type NoduleFigures,
  type NotJudged,
  type ScanAudit,
  type ScanToAudit,
} from './auditTypes.js';
import { border, diameter, empty, equivalentMm, leavesLung, outsideLung, round } from './maskChecks.js';
import { type LungField, mirrored } from './mirrorCheck.js';
import { noduleVoxels } from './noduleVoxels.js';
import { pairChecks, sameNodule } from './pairChecks.js';
import { outsideBody, outsideVolume } from './pointChecks.js';

const lungChecks: readonly AuditCheck[] = ['outside-body', 'mirrored', 'leaves-lung'];

/** Denser than normal lung by this: ground glass is, noise of a voxel may be. */
const denserHu = 130;
const darkHu = -500;

/**
 * Judges the ground truth of one scan: flags what looks wrong, with figures, and says what could not be judged. Where the spacing is
 * unknown nothing in millimetres is judged, where the values are not HU nothing that needs lungs or body.
 *
 * @returns the audit, and the lungs that it found (null where none were looked for or found), which pictures can show
 */
export function auditScan(scan: ScanToAudit): { audit: ScanAudit; lungs: Uint8Array | null } {
  const { volume, nodules } = scan;
  const { shape, spacing, uid } = volume;
  const notJudged: NotJudged[] = [];
  const field = nodules.length === 0 ? null : lungFieldOf(volume, notJudged);
  const voxels = noduleVoxels(scan, (a, b) => sameNodule(nodules[a]!, nodules[b]!, spacing));
  const flags: AuditFlag[] = [...outsideVolume(volume, nodules)];
  if (field !== null) {
    flags.push(...outsideBody(volume, field.lungs, nodules), ...mirrored(volume, field, nodules));
  }
  flags.push(...empty(volume, nodules, voxels));
  if (spacing === null) {
    notJudged.push({ check: 'diameter', reason: 'the spacing is unknown' });
    notJudged.push({ check: 'border', reason: 'along the slices: without a spacing they may be cut to the nodule' });
  }
  const figures = nodules.map((one, nodule): NoduleFigures => {
    const own = voxels[nodule]!;
    const maskMm = spacing === null ? null : equivalentMm(own.length, spacing);
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

/** Null, with the reason noted, where lungs cannot be found. */
function lungFieldOf(volume: Volume, notJudged: NotJudged[]): LungField | null {
  const cannot = (reason: string) => {
    for (const check of lungChecks) notJudged.push({ check, reason });
    return null;
  };
  if (volume.intensity !== 'hu') return cannot('the values are not Hounsfield units');
  if (volume.spacing === null) return cannot('the spacing is unknown');
  const lungs = lungMask(volume);
  const dark = storedValue(volume, darkHu);
  const values: number[] = [];
  // Every 101st voxel: a prime, so that no column of the grid is preferred.
  for (let at = 0; at < lungs.length; at += 101) {
    if (lungs[at] !== 0 && volume.voxels[at]! < dark) values.push(volume.voxels[at]!);
  }
  if (values.length === 0) return cannot('no lung is found in the scan');
  const median = values.sort((a, b) => a - b)[values.length >> 1]!;
  return { lungs, median, dense: median + denserHu / volume.scale };
}
