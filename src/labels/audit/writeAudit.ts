import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditCounts, auditCounts } from './auditCounts.js';
import { auditPage } from './auditPage.js';
import { tolerances } from './auditTypes.js';
import type { Audits } from './collectAudits.js';

/** Writes `audit.html`, a self-contained page, and `audit.json`, with the same flags and figures, into a folder. */
export async function writeAudit(dir: string, audits: Audits): Promise<AuditCounts> {
  await mkdir(dir, { recursive: true });
  const counts = auditCounts(audits);
  const json = { format: 'nodule-train-audit', version: 1, counts, tolerances, scans: audits.scans };
  await writeFile(join(dir, 'audit.json'), `${JSON.stringify(json, null, 1)}\n`);
  await writeFile(join(dir, 'audit.html'), auditPage(audits));
  return counts;
}
