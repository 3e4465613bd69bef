import { mkdir } from 'node:fs/promises';
import type { z } from 'zod';
import {
  describeValues,
  examineValues,
  pickGeometry,
  pickScanFileOptions,
  readVolume,
  storedValue,
  type Volume,
} from '../../ct/index.js';
import { measureNodules, segmentScan } from '../../model/index.js';
import { checkOutputFolder, NoduleTrainError, sweepAbandoned, writeError } from '../../runtime/index.js';
import type { OperatingPoint } from '../../score/index.js';
import { readKeptResult } from './keptResult.js';
import type { OpenedModels } from './openModels.js';
import { DICOM_FORMATS } from './resultFiles.js';
import { dicomKey, resultKey } from './resultKey.js';
import { isVolume, type ScanInput, scanIdentity } from './scanInput.js';
import type { Provenance, ScanResult } from './scanResult.js';
import type { SegmentProgress, SegmentResult } from './segmentEvents.js';
import type { Format, segmentScanSchema } from './segmentOptions.js';
import { StageLog } from './stageLog.js';
import { referencedSeries } from './writeDicomResults.js';
import { chosenFormats, writeResult } from './writeResult.js';

export type JobOptions = z.output<typeof segmentScanSchema>;

/** One scan to segment, with resolved options. */
export interface SegmentJob {
  scan: ScanInput;
  options: JobOptions;
  /** Folder to write the result to; null: nothing is written. */
  out: string | null;
  /** Whether a complete result with the same key in `out` is kept. */
  keep: boolean;
}

/** What runs around a job. */
export interface JobContext {
  emit(event: SegmentProgress): void;
  signal: AbortSignal;
  /** The scan, if it was read in advance. */
  read?: Promise<ScanRead>;
}

/** A scan with what its reader reported. */
export interface ScanRead {
  volume: Volume;
  notes: string[];
}

/** Reads the scan of a job. @throws NoduleTrainError as `readVolume` */
export async function readScan({ scan, options }: SegmentJob): Promise<ScanRead> {
  if (isVolume(scan)) return { volume: scan, notes: [] };
  const notes = [...scan.notes];
  const volume = await readVolume(scan.path, {
    series: scan.series,
    files: scan.files,
    ...pickScanFileOptions(options),
    onNote: (note) => notes.push(note.replace(`${scan.path}: `, '')),
  });
  return { volume, notes };
}

/**
 * Segments one scan, measures its nodules and writes the files that were asked for.
 * @throws NoduleTrainError `scan-spacing` for a scan of unknown spacing, and what reading the scan, `segmentScan` and
 *   writing throw
 */
export async function runSegmentJob(
  models: OpenedModels,
  job: SegmentJob,
  context: JobContext,
): Promise<SegmentResult> {
  const { options, out, scan, keep } = job;
  const { emit, signal } = context;
  const point = operatingPoint(models.point, options);
  const recorded: Omit<Provenance, 'key'> = {
    ...models.provenance,
    operatingPoint: point,
    options: { ...models.options, ...changingOptions(options) },
  };
  const provenance: Provenance = { ...recorded, key: resultKey(await identify(job), recorded) };
  const kept = keep && out !== null ? keptResult(out, provenance.key, job) : null;
  if (kept !== null) return kept;
  if (out !== null) await createFolder(out);
  const log = new StageLog(out);
  try {
    const read = await log.stage('read', () => context.read ?? readScan(job));
    signal.throwIfAborted();
    const volume = withSpacing(read.volume, options.spacing ?? null);
    refuseWithoutAir(volume, models);
    // Before the network runs: a wrong reference would be found after minutes.
    if (out !== null && dicomFormats(job).length > 0)
      await referencedSeries(
        { source: isVolume(scan) ? null : scan, scan: volume },
        options.reference,
        options.acquisition,
      );
    const { regions, candidates, lungs, notes, probabilities } = await log.stage('segment', () =>
      segmentScan(
        volume,
        models.members.map(({ model }) => model),
        point,
        {
          region: options.region,
          batch: options.batch,
          probabilities: options.probabilities,
          signal,
          onProgress: (done, total) => emit({ type: 'progress', done, total }),
        },
      ),
    );
    const nodules = await log.stage('measure', async () => measureNodules(volume, regions, lungs));
    const found = { nodules, regions, candidates, provenance };
    const result: ScanResult = {
      ...found,
      scan: volume,
      source: isVolume(scan) ? null : scan,
      lungs,
      notes: [...read.notes, ...notes],
    };
    const written =
      out === null
        ? { files: [], notWritten: [], notes: [...result.notes] }
        : await writeResult(result, { out, options, probabilities, log });
    for (const text of written.notes) emit({ type: 'note', text });
    return {
      ...found,
      ...written,
      series: volume.uid,
      grid: pickGeometry(volume),
      operatingPoint: point,
      kept: false,
      ...(out === null && probabilities !== undefined && { probabilities }),
    };
  } catch (error) {
    log.failed(error);
    throw error;
  }
}

/** Creates the folder of a result. @throws NoduleTrainError `output-path`, `disk-full`, `write-failed` */
async function createFolder(out: string): Promise<void> {
  checkOutputFolder('writing a result', 'its folder', out);
  try {
    await mkdir(out, { recursive: true });
    // Left by a killed run.
    await sweepAbandoned(out);
  } catch (cause) {
    throw writeError(out, cause);
  }
}

/** Identifies the scan. If its files cannot be read, the reader says why better than the system does. */
const identify = (job: SegmentJob): Promise<string> =>
  scanIdentity(job.scan).catch(async (cause) => {
    await readScan(job);
    throw cause;
  });

const isDicom = ({ scan }: SegmentJob): boolean => !isVolume(scan) && scan.series !== undefined;

const dicomFormats = (job: SegmentJob): Format[] =>
  chosenFormats(job.options.format, isDicom(job)).filter((format) => DICOM_FORMATS.some((each) => each === format));

function keptResult(out: string, key: string, job: SegmentJob): SegmentResult | null {
  const { probabilities } = job.options;
  const formats = chosenFormats(job.options.format, isDicom(job));
  const record = readKeptResult(out, key, { formats, probabilities, dicomKey: dicomKey(job.options) });
  if (record === null) return null;
  const { shape, spacing, origin, direction, model: _, dicomKey: __, ...result } = record;
  return { ...result, grid: { shape, spacing, origin, direction }, regions: [], kept: true };
}

/** Fills in the spacing of a scan that does not record it. */
function withSpacing(volume: Volume, given: Volume['spacing']): Volume {
  if (volume.spacing !== null && given !== null)
    throw new NoduleTrainError(
      'scan-spacing',
      `segmenting ${volume.uid}: found a spacing of ${volume.spacing.join(' x ')} mm in the file, expected none with ` +
        '--spacing. Omit the option.',
    );
  if (given !== null) return { ...volume, spacing: given };
  if (volume.spacing === null)
    throw new NoduleTrainError(
      'scan-spacing',
      `segmenting ${volume.uid}: the file does not record its voxel spacing, expected one, as nodules are measured in ` +
        'mm. Give --spacing x,y,z.',
    );
  return volume;
}

const operatingPoint = (point: OperatingPoint, options: JobOptions): OperatingPoint => ({
  threshold: options.threshold ?? point.threshold,
  minimumVoxels: options.minimumVoxels ?? point.minimumVoxels,
  minimumScore: options.minimumScore ?? point.minimumScore,
});

/** Options of a job that change its result, beside the operating point; those of files do not. */
function changingOptions({ region, spacing, ...options }: JobOptions): Provenance['options'] {
  const { rescale, ...reading } = pickScanFileOptions(options);
  return {
    region,
    ...reading,
    ...(rescale !== undefined && { rescale: rescale.join(',') }),
    ...(spacing !== undefined && { spacing: spacing.join(',') }),
  };
}

/** HU below which no tissue is: where a scan of the chest has no such voxel, its values are not HU. */
const AIR_HU = -400;

/**
 * @throws NoduleTrainError `scan-intensity` for a scan "in HU" without air, or whose values look as if a program had
 * changed them, for models that expect HU
 */
function refuseWithoutAir(volume: Volume, { members }: OpenedModels): void {
  if (volume.intensity !== 'hu' || members.every(({ model }) => model.input.kind !== 'hu-clip')) return;
  const refuse = (found: string, advice: string): never => {
    throw new NoduleTrainError(
      'scan-intensity',
      `segmenting ${volume.uid}: found ${found}, expected HU with air below ${AIR_HU} in the lungs. ${advice}`,
    );
  };
  const finding = examineValues(volume);
  if (finding !== null && finding.kind !== 'hu')
    refuse(
      'values that are not Hounsfield units',
      `${describeValues(finding)} and a model with the input minmax-window.`,
    );
  const limit = storedValue(volume, AIR_HU);
  if (volume.voxels.some((voxel) => voxel < limit)) return;
  let [low, high] = [32767, -32768];
  for (const voxel of volume.voxels) {
    if (voxel < low) low = voxel;
    if (voxel > high) high = voxel;
  }
  const [from, to] = [low, high].map((voxel) => voxel * volume.scale + volume.offset);
  refuse(
    `values from ${from} to ${to}`,
    'If the values were changed, use the original scan, give the slope and intercept that make them HU ' +
      '(--rescale SLOPE,INTERCEPT), or use a model with the input minmax-window.',
  );
}
