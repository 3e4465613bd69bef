import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DicomSeries, listSeries, pickScanFileOptions } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { readSplits, splitsPath } from '../splits/splitsFile.js';
import { anonymousPatient, findPatients, publicPatient } from './patients.js';
import type { Source, SourceScan } from './source.js';
import { refuseOptions, type SourceOptions } from './sourceOptions.js';

/** Maximum depth searched; a tree of PATIENT/STUDY/SERIES has its files three folders deep. */
const MAX_DEPTH = 4;

/** Whether the folder or one below it contains a DICOM file. */
export async function looksLikeLidc(dir: string, depth = 0): Promise<boolean> {
  const entries = await listEntries(dir);
  if (entries.some((entry) => !entry.isDirectory() && /\.dcm$/i.test(entry.name))) return true;
  if (depth === MAX_DEPTH) return false;
  for (const entry of entries)
    if (entry.isDirectory() && (await looksLikeLidc(join(dir, entry.name), depth + 1))) return true;
  return false;
}

/**
 * Opens a tree of CT series as LIDC-IDRI is distributed: PATIENT/STUDY/SERIES/*.dcm, with any folders between. Each
 * folder of `dir` is one patient, called by its LIDC-IDRI name or by a hash of the folder's name. Series of other
 * modalities and series of a single slice (radiographs) are skipped.
 * @throws NoduleTrainError `lidc-files` if there is no CT series or one is there twice, `data-option`, and what
 * `listSeries`, `findPatients` and `readSplits` throw
 */
export async function lidcSource(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'lidc', options, ['masks', 'label', 'channel', 'annotations', 'crops']);
  const entries = (await listEntries(dir))
    .filter((entry) => !entry.isFile())
    .map(({ name }) => name)
    .sort();
  const found: { series: DicomSeries; patient: string; folder: string }[] = [];
  let skipped = 0;
  for (const name of entries) {
    const folder = join(dir, name);
    for (const series of await listSeries(folder)) {
      if (series.modality === 'CT' && series.slices > 1)
        found.push({ series, folder, patient: publicPatient(name) ?? anonymousPatient(name) });
      else skipped++;
    }
  }
  checkFound(
    dir,
    found.map(({ series }) => series.uid),
  );
  const uids = found.map(({ series }) => series.uid);
  const listed = await findPatients(uids, { csv: join(dir, 'patients.csv'), pattern: options.patientPattern });
  const scans = found.map(
    ({ series: { uid, files }, patient, folder }): SourceScan => ({
      uid,
      subset: '',
      patient: listed(uid) ?? patient,
      truth: { annotations: [], mask: null, votes: null, contours: contours.get(uid) ?? null },
      files: async () => files,
      read: {
        path: commonFolder(files, folder),
        options: { series: uid, ...pickScanFileOptions(options) },
      },
    }),
  );
  return {
    kind: 'lidc',
    dir,
    scans,
    missing: 0,
    lost: [],
    folds: options.splits === undefined ? [] : await readSplits(splitsPath(options.splits), new Set(uids)),
    notes: skipped === 0 ? [] : [`Skipped ${skipped} series that are not CT scans.`],
  };
}

function checkFound(dir: string, uids: string[]): void {
  const fail = (found: string) =>
    new NoduleTrainError(
      'lidc-files',
      `opening the data folder ${dir}: ${found}, expected a folder for each patient with its CT series in it. ` +
        'Check the path and the folders.',
    );
  if (uids.length === 0) throw fail('found no CT series in its folders');
  const twice = uids.find((uid, at) => uids.indexOf(uid) !== at);
  if (twice !== undefined) throw fail(`found series ${twice} in the folders of two patients`);
}

/**
 * Returns the folder that holds all the files, so that no other is searched; the patient's folder if there are several.
 */
function commonFolder(files: readonly string[], patient: string): string {
  const folders = new Set(files.map((file) => dirname(file)));
  return folders.size === 1 ? [...folders][0]! : patient;
}

const listEntries = (dir: string): Promise<Dirent[]> => readdir(dir, { withFileTypes: true }).catch(() => []);
