import { checkOptions, checkVolume, findScans, type Volume } from '../../ct/index.js';
import { checkOutputFolder, NoduleTrainError } from '../../runtime/index.js';
import { openSegmenter, type Segmenter } from './openSegmenter.js';
import type { ScanInput } from './scanInput.js';
import type { SegmentEvent, SegmentProgress, SegmentResult } from './segmentEvents.js';
import type { JobOptions, SegmentJob } from './segmentJob.js';
import {
  type SegmentModelOptions,
  type SegmentScanOptions,
  segmentModelSchema,
  segmentScanSchema,
} from './segmentOptions.js';
import { streamEvents } from './streamEvents.js';

export interface SegmentOptions extends SegmentScanOptions, SegmentModelOptions {
  /** Folder to write the files of the result to; without it nothing is written. */
  out?: string;
  /** UID of the series to take from a DICOM folder; by default the rule of docs/reference/scans.md chooses. */
  series?: string;
  signal?: AbortSignal;
}

/**
 * Finds and measures the nodules of one scan in a worker thread, and yields events; the last one has the result.
 * Leaving the iteration (`break`, `return`) or aborting the signal stops the work.
 *
 * @param scan a DICOM folder or file, MetaImage, NIfTI, NRRD, or a volume in memory, whose voxels are copied to the
 *   worker
 * @param model a model of `openModel`, for many scans, or what `openModel` takes, for this scan alone; only then can
 *   the options of models be given here
 * @throws NoduleTrainError `options` at once; the iteration throws `scan-missing`, `scan-several` if a folder holds
 *   more than one scan, `scan-volume` for a volume that is not one, and what reading the scan, opening the model and
 *   segmenting throw
 */
export function segment(
  scan: string | Volume,
  model: Segmenter | string | readonly string[],
  given: SegmentOptions = {},
): AsyncGenerator<SegmentEvent, void, void> {
  const { signal, out, series, ...rest } = given;
  const isModelOption = (name: string) => name in segmentModelSchema.shape;
  const entries = Object.entries(rest).filter(([, value]) => value !== undefined);
  const modelOptions = Object.fromEntries(entries.filter(([name]) => isModelOption(name)));
  const options = checkOptions(
    segmentScanSchema,
    'segmenting a scan',
    Object.fromEntries(entries.filter(([name]) => !isModelOption(name))),
  );
  const extra = Object.keys(modelOptions);
  if (isOpened(model) && extra.length > 0)
    throw new NoduleTrainError(
      'options',
      `segmenting a scan: found ${extra.join(', ')} beside an opened model, expected them in openModel()`,
    );
  if (out !== undefined) checkOutputFolder('segmenting a scan', 'out', out);
  return events(scan, series, { model, modelOptions, options, out: out ?? null, signal });
}

interface SegmentTask {
  model: Segmenter | string | readonly string[];
  modelOptions: SegmentModelOptions;
  options: JobOptions;
  out: string | null;
  signal: AbortSignal | undefined;
}

async function* events(
  scan: string | Volume,
  series: string | undefined,
  { model, modelOptions, options, out, signal }: SegmentTask,
): AsyncGenerator<SegmentEvent, void, void> {
  const result = yield* streamEvents<SegmentProgress, SegmentResult>(async (emit, stop) => {
    const job: SegmentJob = { scan: await oneScan(scan, series), options, out, keep: false };
    if (isOpened(model)) return model.run(job, emit, { signal: stop });
    const segmenter = await openSegmenter(model, modelOptions);
    try {
      return await segmenter.run(job, emit, { signal: stop });
    } finally {
      await segmenter.dispose();
    }
  }, signal);
  yield { type: 'result', result };
}

const isOpened = (model: Segmenter | string | readonly string[]): model is Segmenter =>
  typeof model === 'object' && model !== null && 'run' in model;

/** @throws NoduleTrainError `scan-volume`, `scan-several`, and what `findScans` throws */
async function oneScan(scan: string | Volume, series: string | undefined): Promise<ScanInput> {
  if (typeof scan !== 'string') {
    const volume = checkVolume(scan, 'segmenting a scan');
    const { voxels } = volume;
    // Sending a part of a buffer to the worker copies all of it.
    return voxels.byteLength === voxels.buffer.byteLength ? volume : { ...volume, voxels: voxels.slice() };
  }
  const { scans } = await findScans([scan], { series });
  if (scans.length === 1) return scans[0]!;
  throw new NoduleTrainError(
    'scan-several',
    `segmenting ${scan}: found ${scans.length} scans, expected one: ${scans.map(({ name }) => name).join(', ')}. ` +
      'Give one of them, or use segmentScans().',
  );
}
