import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';
import { findSeries, isScan as isScanSeries, printableUid } from '../dicom/chooseSeries.js';
import type { SeriesImage } from '../dicom/describeImage.js';
import { groupBySeries } from '../dicom/listSeries.js';
import { type DicomObjects, readObjects } from '../dicom/readObjects.js';
import { inferFormat, isSingleImage, uidOf } from '../formats.js';
import { chooseScan } from './chooseScan.js';
import { hasByteValues, isNamedMask } from './imageKind.js';
import { listFiles } from './listFiles.js';
import { resultNames } from './resultNames.js';
import { describeModality, type SeriesFacts, seriesFacts, withoutStart } from './seriesFacts.js';

/** One scan to read: `readVolume(path, { series, files })`. */
export interface ScanSource {
  /** The file, or for a DICOM series the folder that was given. */
  readonly path: string;
  /** UID of the series; absent where it is not DICOM. */
  readonly series?: string;
  /** Files of the series; absent for a single file. */
  readonly files?: readonly string[];
  /** Name of its folder of results, unlike that of every other scan. */
  readonly name: string;
  /** What the user should know about the choice, one sentence each. */
  readonly notes: readonly string[];
}

/** A file or series that is not read. */
export interface SkippedScan {
  readonly path: string;
  readonly series?: string;
  /** Without full stop, such as "scout (localizer)". */
  readonly reason: string;
  /** Whether the file is damaged, and not just of no use. */
  readonly damaged: boolean;
}

export interface FindScansOptions {
  /** UID of the only series to take, whatever the rule would take. */
  readonly series?: string | undefined;
}

export interface FoundScans {
  readonly scans: readonly ScanSource[];
  readonly skipped: readonly SkippedScan[];
}

/** A scan before it is named: `base` is its name alone, `place` the path whose folders tell equal names apart. */
type Unnamed = Omit<ScanSource, 'name'> & { readonly base: string; readonly place: string };

interface Finding {
  readonly scans: readonly Unnamed[];
  readonly skipped: readonly SkippedScan[];
  /** Every series that was seen. */
  readonly series: readonly SeriesFacts[];
}

const nothing: Finding = { scans: [], skipped: [], series: [] };

/**
 * Finds the scans in files and folders: images of other formats by their names, DICOM by content, with one series per
 * study, chosen by the rule in docs/reference/scans.md. Reads headers alone, those of each file once. Scans are in the
 * order of `paths`, in a folder by path.
 * @throws NoduleTrainError `scan-missing` if a path does not exist or holds no scan; `scan-format`, `dicom-file` for
 * a file that is not an image; `dicom-series` if no path has the series
 */
export const findScans = async (paths: readonly string[], { series }: FindScansOptions = {}): Promise<FoundScans> => {
  const { folders, files } = await sortPaths(paths);
  const findings = new Map<string, Finding>();
  for (const dir of folders) findings.set(dir, await findInFolder(dir, series));
  for (const [path, finding] of await findAmongFiles(files, series)) findings.set(path, finding);
  // Files of one series share a finding.
  const all = [...new Set(paths.flatMap((path) => findings.get(path) ?? []))];
  const scans = all.flatMap((finding) => finding.scans);
  if (series !== undefined && scans.length === 0) throw noSuchSeries(paths, series, all);
  if (series === undefined) {
    for (const path of [...folders, ...files]) {
      const finding = findings.get(path) ?? nothing;
      if (finding.scans.length === 0) throw noScan(path, finding, folders.includes(path));
    }
  }
  const names = resultNames(scans.map(({ base, place }) => ({ name: base, path: place })));
  return {
    scans: scans.map(({ base: _, place: __, ...scan }, k) => ({ ...scan, name: names[k]! })),
    skipped: all.flatMap((finding) => finding.skipped),
  };
};

/**
 * Separates folders from files. A path given twice counts once, as does one in a folder that is given too.
 * @throws NoduleTrainError `scan-missing`
 */
const sortPaths = async (paths: readonly string[]): Promise<{ folders: string[]; files: string[] }> => {
  const seen = new Set<string>();
  const folders: string[] = [];
  const files: string[] = [];
  for (const path of paths) {
    const absolute = resolve(path);
    if (seen.has(absolute)) continue;
    seen.add(absolute);
    const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
      const what = cause.code === 'ENOENT' ? 'there is no such file or folder' : `it cannot be opened (${cause.code})`;
      throw new NoduleTrainError('scan-missing', `finding scans in ${path}: ${what}. Check the path.`, { cause });
    });
    if (!found.isDirectory() && !found.isFile())
      throw new NoduleTrainError(
        'scan-missing',
        `finding scans in ${path}: it is neither a file nor a folder. Check the path.`,
      );
    (found.isDirectory() ? folders : files).push(path);
  }
  const isCovered = (path: string): boolean =>
    folders.some((dir) => resolve(path) !== resolve(dir) && resolve(path).startsWith(withSeparator(resolve(dir))));
  return {
    folders: folders.filter((dir) => !isCovered(dir)),
    // A file named as well as its folder is meant: the folder might skip it as a mask.
    files: files.filter((file) => isSingleImage(file) || !isCovered(file)),
  };
};

const withSeparator = (dir: string): string => (dir.endsWith(sep) ? dir : `${dir}${sep}`);

/** Files that are never DICOM, so they are not opened. */
const neverDicom =
  /\.(raw|zraw|gz|bz2|zip|tar|txt|md|json|jsonl|csv|tsv|xml|html?|pdf|png|jpe?g|svg|gif|py|ya?ml|log|pt|state|safetensors|np[yz])$/i;

/** The file that marks a folder of results; nothing in it is a scan. */
const resultFile = 'nodules.json';

const findInFolder = async (dir: string, series: string | undefined): Promise<Finding> => {
  const { files: visible, closed } = await listFiles(dir, 'finding scans in');
  const results = new Set(visible.filter((path) => basename(path) === resultFile).map((path) => dirname(path)));
  const files = visible.filter((path) => !results.has(dirname(path)));
  const images = await findImages(dir, files.filter(isSingleImage), series);
  const objects = await readObjects(
    dir,
    files.filter((path) => !isSingleImage(path) && !neverDicom.test(path)),
  );
  const dicom = chooseSeries(dir, objects, series);
  return {
    scans: [...images.scans, ...dicom.scans].sort((a, b) => (firstFile(a) < firstFile(b) ? -1 : 1)),
    skipped: [
      ...closed.map((code) => ({ path: dir, reason: `a subfolder cannot be listed (${code})`, damaged: true })),
      ...[...results].map((path) => skip(path, `results of segment (${resultFile})`)),
      ...images.skipped,
      ...dicom.skipped,
    ],
    series: dicom.series,
  };
};

const firstFile = ({ path, files }: Unnamed): string => files?.[0] ?? path;

const skip = (path: string, reason: string, series?: string): SkippedScan => ({
  path,
  ...(series === undefined ? {} : { series }),
  reason,
  damaged: false,
});

/** Chooses the scans among the images of other formats: not those named as masks, nor those of bytes beside others. */
const findImages = async (dir: string, paths: readonly string[], series: string | undefined): Promise<Finding> => {
  if (series !== undefined)
    return { ...nothing, skipped: paths.map((path) => skip(path, 'not DICOM, so not that series')) };
  const bytes = new Set<string>();
  const named = new Set(paths.filter((path) => isNamedMask(dir, path)));
  const others = paths.filter((path) => !named.has(path));
  for (const path of others) if (await hasByteValues(path)) bytes.add(path);
  // A folder of 8-bit images alone is one of rescaled scans.
  const alone = bytes.size === others.length;
  const isScan = (path: string): boolean => !named.has(path) && (alone || !bytes.has(path));
  return {
    scans: paths.filter(isScan).map(imageScan),
    skipped: paths
      .filter((path) => !isScan(path))
      .map((path) =>
        skip(path, named.has(path) ? 'named as a mask' : '8-bit values beside images with more, as of labels'),
      ),
    series: [],
  };
};

const imageScan = (path: string): Unnamed => ({ path, base: uidOf(path), place: resolve(path), notes: [] });

/** Chooses one series per study of a folder, or the one with the UID `requested`. */
const chooseSeries = (dir: string, objects: DicomObjects, requested: string | undefined): Finding => {
  const groups = groupBySeries(objects.images);
  const named = new Set(requested === undefined ? [] : findSeries(groups, requested));
  const all = groups.map((images) => seriesFacts(dir, images, { isNamed: named.has(images) }));
  const wanted = new Set([...named].map(([first]) => first!.series));
  const studies = new Map<string, SeriesFacts[]>();
  for (const facts of all) {
    const key = facts.study ?? dirname(facts.files[0]!);
    studies.set(key, [...(studies.get(key) ?? []), facts]);
  }
  const scans: Unnamed[] = [];
  const skipped = objects.damaged.map(({ fault }) => ({ path: dir, reason: withoutStart(fault), damaged: true }));
  const unread: SkippedScan[] = [...skipped, ...skippedObjects(dir, objects)];
  for (const study of studies.values()) {
    const choice = requested === undefined ? chooseScan(study) : chooseRequested(study, wanted);
    if (choice.chosen !== null) {
      const notes = [...choice.notes, ...damageNotes(choice.chosen, objects)];
      scans.push(seriesScan(dir, choice.chosen, notes));
    }
    for (const { series, reason } of choice.skipped) unread.push(skip(dir, reason, series.uid));
  }
  return { scans, skipped: unread, series: all };
};

const chooseRequested = (study: readonly SeriesFacts[], wanted: ReadonlySet<string>) => ({
  chosen: study.find(({ uid }) => wanted.has(uid)) ?? null,
  notes: [],
  skipped: study
    .filter(({ uid }) => !wanted.has(uid))
    .map((series) => ({ series, reason: 'another series is chosen' })),
});

const seriesScan = (path: string, { uid, files }: SeriesFacts, notes: readonly string[]): Unnamed => ({
  path,
  series: uid,
  files,
  base: uid,
  place: join(resolve(path), uid),
  notes,
});

/** Reports objects without pixels once per series. */
const skippedObjects = (dir: string, { others }: DicomObjects): SkippedScan[] => {
  const series = new Map(others.map(({ series, modality }) => [series, modality]));
  return [...series].map(([uid, modality]) => skip(dir, describeModality(modality) ?? 'CT without images', uid));
};

/** A damaged file may be a slice of any series in its folder. */
const damageNotes = ({ files }: SeriesFacts, { damaged }: DicomObjects): string[] => {
  const folders = new Set(files.map((path) => dirname(path)));
  return damaged
    .filter(({ path }) => folders.has(dirname(path)))
    .map(({ path }) => `${basename(path)} in the same folder is damaged; it may be a slice of this series`);
};

/**
 * Finds the scans among files that were given one by one. DICOM files of one series are one scan; there is no choice
 * among the series of a study, as each was given. Findings are by path.
 * @throws NoduleTrainError `scan-format`, `dicom-file` for a file that is not an image
 */
const findAmongFiles = async (
  paths: readonly string[],
  requested: string | undefined,
): Promise<Map<string, Finding>> => {
  const findings = new Map<string, Finding>();
  for (const path of paths.filter(isSingleImage)) {
    findings.set(path, requested === undefined ? { ...nothing, scans: [imageScan(path)] } : nothing);
  }
  const rest = paths.filter((path) => !isSingleImage(path));
  for (const path of rest) inferFormat(path, 'reading the scan');
  const { images, others, damaged } = await readObjects(null, rest);
  // Its reader reports the damage, as of any scan that cannot be read.
  for (const { path } of damaged) findings.set(path, { ...nothing, scans: [imageScan(path)] });
  for (const { path, series, modality } of others) {
    findings.set(path, {
      ...nothing,
      skipped: [skip(path, describeModality(modality) ?? 'CT without images', series)],
    });
  }
  for (const group of groupBySeries(images)) {
    const finding = findInSeries(group, requested);
    for (const { path } of group) findings.set(path, finding);
  }
  const unread = rest.find((path) => !findings.has(path));
  if (unread === undefined) return findings;
  throw new NoduleTrainError(
    'dicom-file',
    `finding scans in ${unread}: found neither an image nor a DICOM file of a series, expected a scan. Check the path.`,
  );
};

const findInSeries = (images: readonly SeriesImage[], requested: string | undefined): Finding => {
  const paths = images.map(({ path }) => path);
  const dir = commonFolder(paths);
  const isNamed = requested !== undefined && findSeries([images], requested).length > 0;
  const facts = seriesFacts(dir, images, { isNamed });
  const isTaken = requested === undefined ? isScanSeries(images) : isNamed;
  const [path] = paths as [string, ...string[]];
  if (!isTaken) {
    const reason = requested === undefined ? (facts.unsuitable ?? 'not a scan') : 'another series is chosen';
    return { ...nothing, skipped: [skip(paths.length === 1 ? path : dir, reason, facts.uid)], series: [facts] };
  }
  if (paths.length > 1) return { ...nothing, scans: [seriesScan(dir, facts, [])], series: [facts] };
  const scan = { path, series: facts.uid, base: facts.uid, place: resolve(path), notes: [] };
  return { ...nothing, scans: [scan], series: [facts] };
};

/** The deepest folder that holds all of the files. */
const commonFolder = (paths: readonly string[]): string => {
  let common = dirname(paths[0]!);
  while (!paths.every((path) => resolve(path).startsWith(withSeparator(resolve(common)))))
    common = dirname(resolve(common));
  return common;
};

/** Reasons that an error lists; the rest are counted. */
const mostReasons = 8;

const noScan = (path: string, { skipped }: Finding, isFolder: boolean): NoduleTrainError => {
  const reasons = skipped.slice(0, mostReasons).map(({ path: at, series, reason }) => {
    const what = series ?? (at === path ? null : basename(at));
    return what === null ? reason : `${what}: ${reason}`;
  });
  const more = skipped.length > mostReasons ? `; and ${skipped.length - mostReasons} more` : '';
  const found = reasons.length === 0 ? 'found no image' : `found no scan, skipped ${reasons.join('; ')}${more}`;
  const expected = 'expected a CT series or an image in MetaImage, NIfTI or NRRD';
  const advice = isFolder ? 'Give another folder, a file, or the UID of a series (series)' : 'Give another file';
  return new NoduleTrainError('scan-missing', `finding scans in ${path}: ${found}; ${expected}. ${advice}.`);
};

const noSuchSeries = (paths: readonly string[], requested: string, findings: readonly Finding[]): NoduleTrainError => {
  const all = findings.flatMap(({ series }) => series);
  const list = all.slice(0, mostReasons).map(({ uid, slices }) => `${uid} (${slices} slices)`);
  const more = all.length > mostReasons ? ` and ${all.length - mostReasons} more` : '';
  const found = all.length === 0 ? 'there is no DICOM series' : `found ${list.join(', ')}${more}`;
  return new NoduleTrainError(
    'dicom-series',
    `finding scans in ${paths.join(', ')}: ${found}, expected the series ${printableUid(requested)}. Check its UID.`,
  );
};
