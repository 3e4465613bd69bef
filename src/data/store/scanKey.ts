import { createHash } from 'node:crypto';
import type { LabelRule } from '../../labels/index.js';
import { BACKGROUND_VERSION } from '../labelling/backgroundPoints.js';
import type { SourceScan } from '../sources/source.js';

/**
 * Version of the conversion from a scan's files to a prepared scan, apart from rule and background. Raise it whenever
 * the same input gives other files.
 */
const PREPARED_VERSION = 3;

/** Everything that determines a prepared scan. */
export interface KeyParts {
  scan: Pick<SourceScan, 'uid' | 'truth' | 'read'>;
  rule: Pick<LabelRule, 'name' | 'version' | 'options'>;
  /** mm, [x, y, z]; null for the scan's own. */
  spacing: readonly number[] | null;
  backgroundPoints: number;
  /** SHA-256 of each of the scan's files. */
  scanHashes: readonly string[];
  /** SHA-256 of each other file that the truth is made from, by its position among them. */
  truthHashes: Readonly<Record<string, string>>;
}

/**
 * Computes the key of a prepared scan: the first 32 hex digits of the SHA-256 over everything that determines it. Paths
 * and times are not part of it.
 */
export function scanKey({ scan, rule, spacing, backgroundPoints, scanHashes, truthHashes }: KeyParts): string {
  const { annotations, excluded, candidates, maskValues, oneNodule } = scan.truth;
  const { files: _, series: __, ...reading } = scan.read.options;
  const withoutLines = (list: typeof excluded) => list?.map(({ line: _, ...annotation }) => annotation);
  const parts = [
    PREPARED_VERSION,
    scan.uid,
    reading,
    { annotations: withoutLines(annotations), excluded: withoutLines(excluded), candidates, maskValues, oneNodule },
    { name: rule.name, version: rule.version, options: rule.options },
    { spacing, backgroundPoints, backgroundVersion: BACKGROUND_VERSION },
    [...scanHashes].sort(),
    Object.entries(truthHashes).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
