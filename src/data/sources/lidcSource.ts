import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import {
  type DicomSeries,
  filesOf,
  isImageFile,
  isSystemEntry,
  listSeries,
  pickScanFileOptions,
  startsLikeDicom,
} from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { readSplits, splitsPath } from '../splits/splitsFile.js';
import { isFolder } from './imagesIn.js';
import { anonymousPatient, findPatients, publicPatient } from './patients.js';
import type { Source, SourceScan } from './source.js';
import { refuseOptions, type SourceOptions } from './sourceOptions.js';

/** Maximum depth searched: files of PATIENT/STUDY/SERIES are three folders deep, below two of a download five. */
const MAX_DEPTH = 5;

/** Files of a folder that are opened to see whether they are DICOM. */
const LOOKED_AT = 3;

/** Whether the folder or one below it, or a folder that one of them links to, contains a DICOM file. */
export async function looksLikeLidc(dir: string, depth = 0): Promise<boolean> {
  const { files, folders } = await listEntries(dir);
  if (files.some((name) => /\.dcm$/i.test(name))) return true;
  const others = files.filter((name) => !isImageFile(name)).slice(0, LOOKED_AT);
  if (others.some((name) => startsLikeDicom(join(dir, name)))) return true;
  if (depth === MAX_DEPTH) return false;
  for (const name of folders) if (await looksLikeLidc(join(dir, name), depth + 1)) return true;
  return false;
}

/**
 * Opens a tree of CT series as LIDC-IDRI is distributed: PATIENT/STUDY/SERIES/*.dcm, with any folders between, which
 * may be links. A series is of the patient whose LIDC-IDRI name is in its path, else each folder of `dir` is one
 * patient, called by a hash of the folder's name. Series of other modalities and series of a single slice (radiographs)
 * are skipped.
 * @throws NoduleTrainError `lidc-files` if there is no CT series or one is there twice, `data-option`, and what
 * `listSeries`, `findPatients` and `readSplits` throw
 */
export async function lidcSource(
  dir: string,
  options: SourceOptions,
  contours: ReadonlyMap<string, string>,
): Promise<Source> {
  refuseOptions(dir, 'lidc', options, ['masks', 'label', 'channel', 'annotations', 'crops']);
  const { files: loose, folders } = await listEntries(dir);
  // Listed once for all patients, as a link may lead from one to another.
  const files = new Map<string, string[]>(folders.map((name) => [name, []]));
  for (const path of await filesOf(dir)) files.get(relative(dir, path).split(sep)[0]!)?.push(path);
  const found: { series: DicomSeries; patient: string; folder: string }[] = [];
  let skipped = 0;
  for (const name of folders) {
    const folder = join(dir, name);
    for (const series of await listSeries(folder, files.get(name))) {
      if (series.modality === 'CT' && series.slices > 1)
        found.push({ series, folder, patient: patientOf(dir, name, series) });
      else skipped++;
    }
  }
  checkFound(
    dir,
    found.map(({ series }) => series.uid),
    loose.filter((name) => startsLikeDicom(join(dir, name))).length,
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

/** The LIDC-IDRI name in the path of a series, also if `dir` is above the collection or one patient of it. */
function patientOf(dir: string, name: string, { files }: DicomSeries): string {
  const inTree = publicPatient(relative(dir, files[0]!)) ?? publicPatient(basename(resolve(dir)));
  return inTree ?? anonymousPatient(name);
}

function checkFound(dir: string, uids: string[], loose: number): void {
  const fail = (found: string) =>
    new NoduleTrainError(
      'lidc-files',
      `opening the data folder ${dir}: ${found}, expected a folder for each patient with its CT series in it. ` +
        (loose > 0 ? `${dir} has DICOM files itself: give the folder above those of the patients.` : 'Check the path.'),
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

/** Lists the files and folders of a folder, by what links lead to, sorted; without those of the system. */
async function listEntries(dir: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (isSystemEntry(entry.name)) continue;
    const isDirectory = entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(join(dir, entry.name))));
    (isDirectory ? folders : files).push(entry.name);
  }
  return { files, folders };
}
