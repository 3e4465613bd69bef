import { type AuditCounts, collectAudits, writeAudit } from '../labels/index.js';
import type { Dataset } from './dataset.js';

/** Progress after each audited scan. */
export interface AuditProgress {
  done: number;
  scans: number;
  uid: string;
  flags: number;
}

/**
 * Audits the ground truth of every scan of a prepared store or another data set, with one scan in memory at a time, and
 * writes `audit.html` and `audit.json` into `out`. Neither file contains a patient code or a path.
 * @throws NoduleTrainError what `dataset.load` throws
 */
export async function auditDataset(
  dataset: Dataset,
  out: string,
  onProgress: (progress: AuditProgress) => void = () => {},
): Promise<AuditCounts> {
  const collector = collectAudits();
  const scans = dataset.scans.length;
  for (const [n, { uid }] of dataset.scans.entries()) {
    const { flags } = collector.add(await dataset.load(uid));
    onProgress({ done: n + 1, scans, uid, flags: flags.length });
  }
  return writeAudit(out, collector.audits());
}
