import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { changedSourceOptions } from '../../data/index.js';
import { checkOutputFolder, fileHash, NoduleTrainError, PACKAGE_VERSION, saveResult } from '../../runtime/index.js';
import { computeFroc, type Froc, type FrocMark, type FrocOptions as ScoreOptions } from '../../score/index.js';
import type { ScanChoice } from '../scanChoice.js';
import { NOTICE } from '../segment/scanResult.js';
import { frocChart } from './frocChart.js';
import { scansOfData, scansOfLists, type TrueScan, type TruthLists } from './frocScans.js';
import { readMarks, type SeriesMark } from './readMarks.js';

/** The truth is either `data` with a choice of its scans, or the lists `annotations`, `excluded` and `seriesuids`. */
export interface FrocFileOptions extends Partial<ScanChoice>, Partial<TruthLists>, ScoreOptions {
  /** CSV file of marks: `seriesuid,coordX,coordY,coordZ,probability`, LPS mm. */
  marks: string;
  /** Folder for froc.json, froc.csv and froc.svg; without it nothing is written. */
  out?: string;
  /** Receives the number of scans that are read. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

export interface FrocResult extends Froc {
  /** Marks on scans that are not scored; they are ignored. */
  marksElsewhere: number;
  /** What the user should know about the lists, one sentence each. */
  notes: string[];
}

/**
 * Scores the marks of a detector by LUNA16's rule, and writes the result as JSON, CSV (the curve) and SVG.
 * @throws NoduleTrainError `froc-options` (neither or both kinds of truth), `froc-scans` (no mark is on any series
 *   that the truth names), `output-path`, and what reading the marks, the lists and the data throws
 */
export async function froc(options: FrocFileOptions): Promise<FrocResult> {
  const { marks: marksPath, out, maximumMarks, bootstraps, seed, onProgress, signal } = options;
  const truth = chooseTruth(options);
  if (out !== undefined) checkOutputFolder('scoring marks', '--out', out);
  const marks = await readMarks(marksPath);
  const { scans, known } =
    'data' in truth
      ? await scansOfData(truth, { signal, ...(onProgress && { onProgress }) })
      : await scansOfLists(truth);
  if (marks.length > 0 && !marks.some(({ uid }) => known.has(uid)))
    throw new NoduleTrainError(
      'froc-scans',
      `scoring ${marksPath}: none of its ${marks.length} marks is on a series that the truth names; the first is on ` +
        `${marks[0]!.uid}, the first scan is ${scans[0]!.uid}. Give the marks of these scans.`,
    );
  const bySeries = groupMarks(marks, scans);
  const result = computeFroc(
    scans.map((scan) => ({ ...scan, marks: bySeries.get(scan.uid) ?? [] })),
    {
      ...(maximumMarks !== undefined && { maximumMarks }),
      ...(bootstraps !== undefined && { bootstraps }),
      ...(seed !== undefined && { seed }),
    },
  );
  const marksElsewhere = marks.length - result.marks.total;
  const all: FrocResult = { ...result, marksElsewhere, notes: notesOn(result, scans, bySeries) };
  if (out !== undefined) await write(out, all, options);
  return all;
}

function chooseTruth(options: FrocFileOptions): ScanChoice | TruthLists {
  const { marks, data, annotations, excluded, seriesuids, source, labels, split, part, fold, folds } = options;
  const refuse = (found: string, expected: string): never => {
    throw new NoduleTrainError('froc-options', `scoring ${marks}: found ${found}, expected ${expected}.`);
  };
  const lists = { annotations, excluded, seriesuids };
  if (data !== undefined) {
    for (const [name, value] of Object.entries(lists))
      if (value !== undefined)
        refuse(`both --data and --${name}`, 'the truth from one of them. Omit --data to score by lists');
    return { data, split, part, fold, folds, ...(source && { source }), ...(labels && { labels }) };
  }
  const chosen = Object.entries({ split, part, fold, folds }).flatMap(([name, value]) =>
    value === undefined ? [] : name,
  );
  for (const name of [...changedSourceOptions(source ?? {}), ...chosen])
    refuse(`the option \`${name}\` without --data`, 'the data folder that it is about');
  if (annotations === undefined || seriesuids === undefined)
    return refuse(
      `no ${annotations === undefined ? '--annotations' : '--seriesuids'}`,
      'either --data, or --annotations and --seriesuids',
    );
  return { annotations, excluded, seriesuids };
}

/** Groups the marks on these scans by series. */
function groupMarks(marks: readonly SeriesMark[], scans: readonly TrueScan[]): Map<string, FrocMark[]> {
  const found = new Map<string, FrocMark[]>(scans.map(({ uid }) => [uid, []]));
  for (const mark of marks) found.get(mark.uid)?.push(mark);
  return found;
}

function notesOn(
  { marks, noInterval }: Froc,
  scans: readonly TrueScan[],
  bySeries: ReadonlyMap<string, readonly FrocMark[]>,
): string[] {
  const notes: string[] = [];
  if (noInterval !== null) notes.push(`No intervals: ${noInterval}.`);
  const empty = scans.filter(({ uid }) => bySeries.get(uid)?.length === 0).length;
  if (empty > 0) notes.push(`${empty} of ${scans.length} scans have no mark.`);
  if (marks.beyondMaximum > 0) notes.push(`${marks.beyondMaximum} marks are beyond the maximum per scan.`);
  const unknown = scans.flatMap(({ nodules }) => nodules).filter(({ diameterMm }) => diameterMm === null).length;
  if (unknown > 0) notes.push(`${unknown} nodules without a diameter count as 10 mm.`);
  return notes;
}

async function write(out: string, result: FrocResult, options: FrocFileOptions): Promise<void> {
  const { curve, ...figures } = result;
  const { maximumMarks = 100, bootstraps = 1000, seed = 1 } = options;
  const { sha256 } = await fileHash(options.marks);
  const json = {
    format: 'nodule-train-froc',
    software: 'nodule-train',
    version: PACKAGE_VERSION,
    notice: NOTICE,
    marksFile: { name: basename(options.marks), sha256 },
    options: { maximumMarks, bootstraps, seed },
    ...figures,
  };
  const rows = curve.map(({ threshold, falsePerScan, sensitivity }) => [threshold, falsePerScan, sensitivity ?? '']);
  mkdirSync(out, { recursive: true });
  saveResult(join(out, 'froc.csv'), `${['threshold,falsePerScan,sensitivity', ...rows].join('\n')}\n`);
  saveResult(join(out, 'froc.svg'), frocChart(result));
  // Last, so that a folder with it is complete.
  saveResult(join(out, 'froc.json'), `${JSON.stringify(json, null, 2)}\n`);
}
