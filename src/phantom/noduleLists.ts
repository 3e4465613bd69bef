import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PhantomNodule } from './synthesize.js';

/** One scan of a set, with the nodules that its mask shows. */
export interface ListedScan<Nodule extends PhantomNodule = PhantomNodule> {
  uid: string;
  patient: string;
  nodules: readonly Nodule[];
}

type Cells = readonly (string | number)[];

const COLUMNS = 'seriesuid,coordX,coordY,coordZ,diameter_mm';

/** Makes a line of `annotations.csv` in LUNA16's layout; `extra` cells follow. */
export const noduleLine = (
  uid: string,
  { center, diameterMm }: Pick<PhantomNodule, 'center' | 'diameterMm'>,
  extra: Cells = [],
): string => [uid, ...[...center, diameterMm].map((mm) => mm.toFixed(6)), ...extra].join(',');

/** Writes a table of nodules in LUNA16's layout, with more columns where `names` gives them. */
export async function writeNodules(path: string, lines: readonly string[], names: readonly string[] = []) {
  await writeFile(path, `${[[COLUMNS, ...names].join(','), ...lines].join('\n')}\n`);
}

/**
 * Writes `nodules.csv`, `patients.csv` and, last, so that a folder with this list is complete, `annotations.csv`.
 * `extra` are further columns of `nodules.csv`.
 */
export async function writeLists<Nodule extends PhantomNodule>(
  dir: string,
  scans: readonly ListedScan<Nodule>[],
  extra: { names: readonly string[]; cells: (nodule: Nodule) => Cells } = { names: [], cells: () => [] },
): Promise<void> {
  const lines = (cells: (nodule: Nodule) => Cells) =>
    scans.flatMap(({ uid, nodules }) => nodules.map((nodule) => noduleLine(uid, nodule, cells(nodule))));
  await writeNodules(
    join(dir, 'nodules.csv'),
    lines((nodule) => [nodule.kind, nodule.attachment, nodule.voxels, ...extra.cells(nodule)]),
    ['kind', 'attachment', 'voxels', ...extra.names],
  );
  const patients = scans.map(({ uid, patient }) => `${uid},${patient}`);
  await writeFile(join(dir, 'patients.csv'), `${['seriesuid,patient', ...patients].join('\n')}\n`);
  await writeNodules(
    join(dir, 'annotations.csv'),
    lines(() => []),
  );
}
