import { type AuditPictures, auditPictures } from './auditPicture.js';
import { auditedNodules, auditScan } from './auditScan.js';
import type { AuditFlag, ScanAudit, ScanToAudit } from './auditTypes.js';

/** One flagged nodule with its flags and pictures. */
export interface Finding {
  readonly scan: ScanAudit;
  readonly nodule: number;
  readonly flags: readonly AuditFlag[];
  /** Null once enough worse nodules have pictures. */
  pictures: AuditPictures | null;
}

/** Audits of a set of scans. */
export interface Audits {
  readonly scans: readonly ScanAudit[];
  /** Worst first. */
  readonly findings: readonly Finding[];
}

/** Sort key: errors before warnings, many flags before few. */
const badness = ({ flags }: Finding): number =>
  flags.reduce((sum, { severity }) => sum + (severity === 'error' ? 100 : 1), 0);

/**
 * Audits scans one by one. Keeps pictures of only the `pictures` worst nodules, so memory does not grow with the number
 * of voxels.
 */
export function collectAudits(pictures = 60): { add(scan: ScanToAudit): ScanAudit; audits(): Audits } {
  const scans: ScanAudit[] = [];
  const findings: Finding[] = [];
  return {
    add(scan) {
      const { audit, lungs } = auditScan(scan);
      scans.push(audit);
      const nodules = auditedNodules(scan);
      for (const nodule of audit.nodules.keys()) {
        const flags = audit.flags.filter((flag) => flag.nodule === nodule);
        if (flags.length === 0) continue;
        findings.push({ scan: audit, nodule, flags, pictures: auditPictures({ ...scan, nodules }, nodule, lungs) });
      }
      findings.sort((a, b) => badness(b) - badness(a));
      for (const finding of findings.slice(pictures)) finding.pictures = null;
      return audit;
    },
    audits: () => ({ scans, findings }),
  };
}
