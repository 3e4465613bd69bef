import { type ReadOptions, readVolume, type Volume } from '../../ct/index.js';
import type { LostLabel, ScanTruth } from '../../labels/index.js';
import type { Fold } from '../splits/fold.js';
import type { SplitScan } from '../splits/split.js';

/**
 * One scan of a source, before its voxels are read. All except `files` is plain data, which can be sent to worker
 * threads.
 */
export interface SourceScan extends SplitScan {
  /** LUNA16's fold (subset0 …); '' in other layouts. */
  readonly subset: string;
  readonly truth: ScanTruth;
  /** Lists every file that the voxels come from, for the content hash. */
  readonly files: () => Promise<readonly string[]>;
  /** Arguments of `readVolume`. */
  readonly read: { readonly path: string; readonly options: Readonly<Omit<ReadOptions, 'onNote'>> };
}

/**
 * Reads the voxels of a scan and names it as its source does.
 * @throws NoduleTrainError what `readVolume` throws
 */
export async function readSourceVolume(
  { uid, read: { path, options } }: Pick<SourceScan, 'read' | 'uid'>,
  onNote?: ReadOptions['onNote'],
): Promise<Volume> {
  return { ...(await readVolume(path, onNote === undefined ? options : { ...options, onNote })), uid };
}

/** A folder of scans and labels in one of the known layouts, listed but not yet read. */
export interface Source {
  readonly kind: 'luna16' | 'lidc' | 'pairs' | 'nnunet';
  readonly dir: string;
  readonly scans: readonly SourceScan[];
  /** Number of series that the annotations name but that are not on disk. */
  readonly missing: number;
  /** Annotations of series that are not on disk. */
  readonly lost: readonly LostLabel[];
  /** The source's own folds (LUNA16's subsets, nnU-Net's splits_final.json); empty if it has none. */
  readonly folds: readonly Fold[];
  /** What the user should know about this folder, one sentence each. */
  readonly notes: readonly string[];
}
