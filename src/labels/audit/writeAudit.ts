import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { auditPage } from './auditPage.js';
import { type AuditCheck, auditChecks, tolerances } from './auditTypes.js';
import type { Audits } from './collectAudits.js';

/** What an audit comes to, for a line of text. */
export interface AuditCounts {
  readonly scans: number;
  readonly nodules: number;
  readonly flaggedNodules: number;
  readonly errors: number;
  readonly warnings: number;
  readonly byCheck: Readonly<Record<AuditCheck, number>>;
}

/** Writes `audit.html`, one page that needs nothing else, and `audit.json` with the same flags and figures into a folder. */
export async function writeAudit(dir: string, audits: Audits): Promise<AuditCounts> {
  await mkdir(dir, { recursive: true });
  const counts = countsOf(audits);
  const json = { format: 'nodule-train-audit', version: 1, counts, tolerances, scans: audits.scans };
  await writeFile(join(dir, 'audit.json'), `${JSON.stringify(json, null, 1)}\n`);
  await writeFile(join(dir, 'audit.html'), auditPage(audits));
  return counts;
}

function countsOf({ scans, findings }: Audits): AuditCounts {
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
