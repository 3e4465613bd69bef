import { indexIRC, indexToWorld, knownSpacing } from '../../ct/index.js';
import { openSource, type ScanNodule } from '../../data/index.js';
import { type Annotation, readAnnotations } from '../../labels/index.js';
import type { FrocNodule, FrocScan } from '../../score/index.js';
import { openScans } from '../openScans.js';
import { checkScanChoice, type ScanChoice } from '../scanChoice.js';
import { readSeriesUids } from './readMarks.js';

/** A scan with its truth, before a detector marked it. */
export type TrueScan = Omit<FrocScan, 'marks'>;

/** The scans to score, and every series that the lists or the data name. */
export interface Truth {
  scans: TrueScan[];
  known: ReadonlySet<string>;
}

/** Where the truth comes from: a data folder, or LUNA16's three lists. */
export interface TruthLists {
  /** List of nodules, as LUNA16's `annotations.csv`. */
  annotations: string;
  /** List of findings that count neither as nodules nor as false positives, as `annotations_excluded.csv`. */
  excluded?: string | undefined;
  /** List of the scans, as `seriesuids.csv`; nodules of other scans are ignored. */
  seriesuids: string;
}

/**
 * Reads the scans and nodules of LUNA16's lists.
 * @throws NoduleTrainError what `readSeriesUids` and `readAnnotations` throw
 */
export async function scansOfLists({ annotations, excluded, seriesuids }: TruthLists): Promise<Truth> {
  const uids = await readSeriesUids(seriesuids);
  const nodules = groupBySeries(await readAnnotations(annotations));
  const findings = groupBySeries(excluded === undefined ? [] : await readAnnotations(excluded));
  const scans = uids.map((uid) => ({ uid, nodules: nodules.get(uid) ?? [], excluded: findings.get(uid) ?? [] }));
  return { scans, known: new Set([...uids, ...nodules.keys(), ...findings.keys()]) };
}

/**
 * Reads the scans and nodules of a data folder. In LUNA16's layout they are those of its lists, and no scan is read;
 * elsewhere each scan is read, and a nodule without a diameter gets that of the sphere with its mask's volume.
 * @throws NoduleTrainError `spacing-unknown` if a scan has no spacing, and what opening the data and choosing scans
 *   throws
 */
export async function scansOfData(
  choice: ScanChoice,
  { onProgress, signal }: { onProgress?: (done: number, total: number) => void; signal?: AbortSignal | undefined },
): Promise<Truth> {
  const { data, source } = choice;
  checkScanChoice('scoring', choice);
  const parts = { split: 'test', fold: 'validation' } as const;
  const { dataset, chosen, load } = await openScans('scoring', choice, parts, { backgroundPoints: 0 });
  const known = new Set(dataset.scans.map(({ uid }) => uid));
  if (dataset.kind === 'luna16') {
    const { scans } = await openSource(data, source);
    const truths = new Map(scans.map(({ uid, truth }) => [uid, truth]));
    const found = chosen.map(({ uid }) => {
      const { annotations = [], excluded = [] } = truths.get(uid) ?? {};
      return { uid, nodules: annotations.map(nodule), excluded: excluded.map(nodule) };
    });
    return { scans: found, known };
  }
  const found: TrueScan[] = [];
  for await (const { scan, chosen: one } of load()) {
    signal?.throwIfAborted();
    const { uid } = one;
    const { volume, nodules, ignored = [] } = scan;
    const [x, y, z] = knownSpacing(volume, `comparing marks with the nodules of scan ${uid}`);
    found.push({
      uid,
      nodules: nodules.map((one) => ({ center: one.centerLps, diameterMm: diameterOf(one, x * y * z) })),
      excluded: ignored.map(({ center, diameterMm }) => ({
        center: indexToWorld(volume, indexIRC(...center)),
        diameterMm,
      })),
    });
    onProgress?.(found.length, chosen.length);
  }
  return { scans: found, known };
}

const nodule = ({ center, diameterMm }: Annotation): FrocNodule => ({ center, diameterMm });

/** Null if the nodule has neither a diameter nor a voxel. */
function diameterOf({ diameterMm, voxels }: ScanNodule, voxelMm3: number): number | null {
  return diameterMm ?? (voxels === 0 ? null : Math.cbrt((6 * voxels * voxelMm3) / Math.PI));
}

function groupBySeries(annotations: readonly Annotation[]): Map<string, FrocNodule[]> {
  const found = new Map<string, FrocNodule[]>();
  for (const annotation of annotations) {
    const list = found.get(annotation.uid);
    if (list === undefined) found.set(annotation.uid, [nodule(annotation)]);
    else list.push(nodule(annotation));
  }
  return found;
}
