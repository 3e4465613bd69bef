import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DicomSeries, listSeries } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { readSplits, splitsPath } from '../splits/splitsFile.js';
import { anonymousPatient, patientsOf, publicPatient } from './patients.js';
import type { Source, SourceScan } from './source.js';
import { refuseOptions, type SourceOptions } from './sourceOptions.js';

/** A tree of PATIENT/STUDY/SERIES has its files three folders deep. */
const deepest = 4;

/** Whether a DICOM file lies in the folder or in one below it. */
export async function looksLikeLidc(dir: string, depth = 0): Promise<boolean> {
  const entries = await entriesOf(dir);
  if (entries.some((entry) => !entry.isDirectory() && /\.dcm$/i.test(entry.name))) return true;
  if (depth === deepest) return false;
  for (const entry of entries)
    if (entry.isDirectory() && (await looksLikeLidc(join(dir, entry.name), depth + 1))) return true;
  return false;
}

/**
 * A tree of CT series as LIDC-IDRI is given out: PATIENT/STUDY/SERIES/*.dcm, whatever lies between. Each folder of `dir` is one patient,
 * named as LIDC-IDRI names it or by a hash of the folder's name. Series of other modalities and those of a single slice (radiographs) are left out.
 * @throws NoduleTrainError `lidc-files` where there is no CT series, or one twice; and what `listSeries` throws
 */
export async function lidcSource(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'lidc', options, ['masks', 'label', 'channel', 'annotations', 'crops']);
  const entries = (await entriesOf(dir))
    .filter((entry) => !entry.isFile())
    .map(({ name }) => name)
    .sort();
  const found: { series: DicomSeries; patient: string; folder: string }[] = [];
  let leftOut = 0;
  for (const name of entries) {
    const folder = join(dir, name);
    for (const series of await listSeries(folder)) {
      if (series.modality === 'CT' && series.slices > 1)
        found.push({ series, folder, patient: publicPatient(name) ?? anonymousPatient(name) });
      else leftOut++;
    }
  }
  checkFound(
    dir,
    found.map(({ series }) => series.uid),
  );
  const uids = found.map(({ series }) => series.uid);
  const listed = await patientsOf(uids, { csv: join(dir, 'patients.csv'), pattern: options.patientPattern });
  const scans = found.map(
    ({ series: { uid, files }, patient, folder }): SourceScan => ({
      uid,
      subset: '',
      patient: listed(uid) ?? patient,
      truth: { annotations: [], mask: null, votes: null, contours: contours.get(uid) ?? null },
      files: async () => files,
      read: {
        path: folderOf(files, folder),
        options: { series: uid, ...(options.intensity === undefined ? {} : { intensity: options.intensity }) },
      },
    }),
  );
  return {
    kind: 'lidc',
    dir,
    scans,
    missing: 0,
    folds: options.splits === undefined ? [] : await readSplits(splitsPath(options.splits), new Set(uids)),
    notes: leftOut === 0 ? [] : [`${leftOut} series that are no CT scan are left out.`],
  };
}

function checkFound(dir: string, uids: string[]): void {
  const fail = (found: string) =>
    new NoduleTrainError(
      'lidc-files',
      `opening the data folder ${dir}: ${found}; wanted is a folder for each patient with the series of CT slices in it`,
    );
  if (uids.length === 0) throw fail('its folders hold no CT series');
  const twice = uids.find((uid, at) => uids.indexOf(uid) !== at);
  if (twice !== undefined) throw fail(`series ${twice} lies in the folders of two patients`);
}

/** The one folder of the files, so that no more than it is looked through again; else the patient's. */
function folderOf(files: readonly string[], patient: string): string {
  const folders = new Set(files.map((file) => dirname(file)));
  return folders.size === 1 ? [...folders][0]! : patient;
}

const entriesOf = (dir: string): Promise<Dirent[]> => readdir(dir, { withFileTypes: true }).catch(() => []);
