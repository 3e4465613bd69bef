import { type AuditCheck, auditChecks } from './auditTypes.js';
import type { Audits } from './collectAudits.js';

/** Totals of an audit. */
export interface AuditCounts {
  readonly scans: number;
  readonly nodules: number;
  readonly flaggedNodules: number;
  readonly errors: number;
  readonly warnings: number;
  /** Flags per check. */
  readonly byCheck: Readonly<Record<AuditCheck, number>>;
}

/** Counts scans, nodules and flags. */
export function auditCounts({ scans, findings }: Audits): AuditCounts {
  const flags = scans.flatMap((scan) => scan.flags);
  const errors = flags.filter(({ severity }) => severity === 'error').length;
  const checks = Object.keys(auditChecks) as AuditCheck[];
  return {
    scans: scans.length,
    nodules: scans.reduce((sum, scan) => sum + scan.nodules.length, 0),
    flaggedNodules: findings.length,
    errors,
    warnings: flags.length - errors,
    byCheck: Object.fromEntries(
      checks.map((check) => [check, flags.filter((flag) => flag.check === check).length]),
    ) as AuditCounts['byCheck'],
  };
}
