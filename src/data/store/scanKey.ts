import { createHash } from 'node:crypto';
import type { LabelRule } from '../../labels/index.js';
import { backgroundVersion } from '../labelling/backgroundPoints.js';
import type { SourceScan } from '../sources/source.js';

/** Of the way from a scan's files to a prepared scan, beside rule and background: raise it when the same input gives other files. */
const preparedVersion = 2;

export interface KeyParts {
  scan: Pick<SourceScan, 'uid' | 'truth' | 'read'>;
  rule: Pick<LabelRule, 'name' | 'version' | 'options'>;
  /** mm, [x, y, z]; null: the scan's own. */
  spacing: readonly number[] | null;
  backgroundPoints: number;
  /** SHA-256 of the scan's files. */
  scanHashes: readonly string[];
  /** SHA-256 of the files beside it that the truth is made of, by what they are. */
  truthHashes: Readonly<Record<string, string>>;
}

/** SHA-256, shortened, over all that a prepared scan is made of; no path or time is part of it. */
export function scanKey({ scan, rule, spacing, backgroundPoints, scanHashes, truthHashes }: KeyParts): string {
  const { annotations, excluded, candidates, maskValues, oneNodule } = scan.truth;
  const { resample, intensity } = scan.read.options;
  const unlined = (list: typeof excluded) => list?.map(({ line: _, ...annotation }) => annotation);
  const parts = [
    preparedVersion,
    scan.uid,
    { resample, intensity },
    { annotations: unlined(annotations), excluded: unlined(excluded), candidates, maskValues, oneNodule },
    { name: rule.name, version: rule.version, options: rule.options },
    { spacing, backgroundPoints, backgroundVersion },
    [...scanHashes].sort(),
    Object.entries(truthHashes).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
