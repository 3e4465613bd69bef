import { join } from 'node:path';
import { pickScanFileOptions } from '../../ct/index.js';
import type { Fold } from '../splits/fold.js';
import { lookUpCase } from './caseNames.js';
import { imageFiles, imagesIn, imagesWithSuffix } from './imagesIn.js';
import { openLuna16 } from './luna16.js';
import { readCandidates, readExcluded } from './luna16Lists.js';
import { findPatients } from './patients.js';
import type { Source } from './source.js';
import { refuseOptions, type SourceOptions } from './sourceOptions.js';

/**
 * Opens a folder in LUNA16's layout: scans in `subset*`, the list of nodules, and those of `masks/UID_mask`,
 * `votes/UID_votes`, `seg-lungs-LUNA16/UID`, `candidates_V2.csv` (or `candidates.csv`), `annotations_excluded.csv` and
 * `patients.csv` that exist.
 * @throws NoduleTrainError `data-option`, and what `openLuna16`, `findPatients` and the readers of the lists throw
 */
export async function luna16Source(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'luna16', options, ['masks', 'label', 'channel', 'crops', 'splits']);
  const luna = await openLuna16(dir, {
    annotations: options.annotations,
    allowLostLabels: options.allowLostLabels,
  });
  const uids = luna.series.map(({ uid }) => uid);
  const patient = await findPatients(uids, { csv: join(dir, 'patients.csv'), pattern: options.patientPattern });
  const [votes, lungs, candidates, excluded] = await Promise.all([
    imagesWithSuffix(join(dir, 'votes'), '_votes'),
    imagesIn(join(dir, 'seg-lungs-LUNA16')),
    readCandidates(dir, new Set(uids)),
    readExcluded(dir),
  ]);
  const [votesOf, lungsOf] = [lookUpCase(votes), lookUpCase(lungs)];
  const scans = luna.series.map(({ uid, path, subset }) => ({
    uid,
    subset,
    patient: patient(uid),
    truth: {
      annotations: luna.annotations.get(uid) ?? [],
      mask: luna.maskPath(uid),
      votes: votesOf(uid) ?? null,
      contours: contours.get(uid) ?? null,
      excluded: excluded.get(uid) ?? [],
      candidates: candidates.get(uid) ?? [],
      lungs: lungsOf(uid) ?? null,
    },
    files: () => imageFiles(path),
    read: { path, options: { intensity: 'hu' as const, ...pickScanFileOptions(options) } },
  }));
  const { missing, lost, notes } = luna;
  return { kind: 'luna16', dir, scans, missing, lost, folds: subsetFolds(scans), notes };
}

/**
 * Makes LUNA16's ten folds: fold k validates subset k. A fold whose subset is not on disk has an empty validation side,
 * and taking it is refused.
 */
export function subsetFolds(scans: readonly { readonly uid: string; readonly subset: string }[]): Fold[] {
  const numbers = scans.map(({ subset }) => Number(/^subset(\d+)$/i.exec(subset)?.[1] ?? Number.NaN));
  if (numbers.length === 0 || !numbers.every(Number.isInteger)) return [];
  const uids = (keep: (subset: number) => boolean) => scans.filter((_, i) => keep(numbers[i]!)).map(({ uid }) => uid);
  return Array.from({ length: Math.max(...numbers) + 1 }, (_, fold) => ({
    train: uids((subset) => subset !== fold),
    validation: uids((subset) => subset === fold),
  }));
}
