import { type ReadOptions, readVolume, type Volume } from '../../ct/index.js';
import type { ScanTruth } from '../../labels/index.js';
import type { Fold } from '../splits/fold.js';
import type { SplitScan } from '../splits/split.js';

/** One scan of a source: what is known before its voxels are read. All but `files` is plain data, which worker threads are given. */
export interface SourceScan extends SplitScan {
  /** LUNA16's fold (subset0 …), or '' where there is none. */
  readonly subset: string;
  readonly truth: ScanTruth;
  /** Every file that the voxels come from, for the content's hash. */
  readonly files: () => Promise<readonly string[]>;
  /** What `readVolume` is to be called with. */
  readonly read: { readonly path: string; readonly options: Readonly<Omit<ReadOptions, 'onNote'>> };
}

/** Reads the voxels of a scan, which is named as in its source. Throws what `readVolume` throws. */
export const readSourceVolume = async (
  { uid, read: { path, options } }: Pick<SourceScan, 'read' | 'uid'>,
  onNote?: ReadOptions['onNote'],
): Promise<Volume> => ({ ...(await readVolume(path, onNote === undefined ? options : { ...options, onNote })), uid });

/** A folder of scans and labels as others made it, looked through but not yet read. */
export interface Source {
  readonly kind: 'luna16' | 'lidc' | 'pairs' | 'nnunet';
  readonly dir: string;
  readonly scans: readonly SourceScan[];
  /** Series that the annotations name and that are not on disk. */
  readonly missing: number;
  /** A split that the source brings along (LUNA16's folds by subset, nnU-Net's splits_final.json), by fold; none: []. */
  readonly folds: readonly Fold[];
  /** What the user should know of this folder, each one sentence. */
  readonly notes: readonly string[];
}
