import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { checkOptions, findScans, type ScanSource, type SkippedScan } from '../../../ct/index.js';
import { checkOutputFolder, NoduleTrainError, sweepAbandoned } from '../../../runtime/index.js';
import { openSegmenter, type Segmenter } from '../openSegmenter.js';
import type { SegmentProgress } from '../segmentEvents.js';
import type { JobOptions, SegmentJob } from '../segmentJob.js';
import { modelsSchema, segmentModelSchema, segmentScanSchema } from '../segmentOptions.js';
import { streamEvents } from '../streamEvents.js';
import type { BatchEndEvent, BatchEvent, BatchScanEvent } from './batchEvents.js';
import { writeBatchTables } from './batchTables.js';

const path = z.string().min(1);

/** Options of segmenting many scans. */
export const segmentScansSchema = z.strictObject({
  model: modelsSchema.describe(
    'bundled model (default or phantom-hu), checkpoint of a run, or plain weights; several are an ensemble, the ' +
      'mean of their probabilities',
  ),
  out: path.describe('folder of the results, one folder per scan; finished ones in it are kept'),
  series: path.optional().describe('UID of the only DICOM series to segment'),
  ...segmentScanSchema.shape,
  ...segmentModelSchema.shape,
  workers: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('scans at a time, each with its own copy of the model and its share of the threads'),
});

export type SegmentScansOptions = z.input<typeof segmentScansSchema>;

/**
 * Segments many scans and writes a folder of results for each. A result is kept if it has the same key (source, models,
 * options, version) and all requested files, so a killed batch continues where it was. A scan that fails does not stop
 * the others. `summary.csv` and, with the format `luna16-csv`, `luna16.csv` cover the batch and are up to date after
 * every scan.
 *
 * @param paths scans, or folders with many of them
 * @throws NoduleTrainError `options`, `output-path`, and what `findScans` and opening the model throw
 */
export async function* segmentScans(
  paths: readonly string[],
  given: SegmentScansOptions,
  { signal }: { signal?: AbortSignal } = {},
): AsyncGenerator<BatchEvent, void, void> {
  const { model, out, series, workers, threads, ...rest } = checkOptions(segmentScansSchema, 'segmenting scans', given);
  checkOptions(z.array(path).min(1), 'segmenting scans: the paths', paths);
  checkOutputFolder('segmenting scans', '--out', out);
  const { scans, skipped } = await findScans(paths, { series });
  signal?.throwIfAborted();
  const lanes = Math.min(workers, scans.length);
  const share = threads > 0 || lanes === 1 ? threads : Math.max(1, Math.floor(availableParallelism() / lanes));
  const options = { ...pickOptions(segmentModelSchema, rest), threads: share };
  const segmenters: Segmenter[] = [];
  try {
    for (let lane = 0; lane < lanes; lane++) segmenters.push(await openSegmenter(model, options));
    await mkdir(out, { recursive: true });
    await sweepAbandoned(out);
    yield { type: 'start', scans: scans.length, workers: lanes, device: segmenters[0]!.device, skipped };
    const events = yield* streamEvents<BatchEvent, BatchScanEvent[]>(
      (emit, stop) => runBatch(scans, segmenters, { out, options: pickOptions(segmentScanSchema, rest), emit, stop }),
      signal,
    );
    yield endEvent(out, events, skipped);
  } finally {
    await Promise.all(segmenters.map((segmenter) => segmenter.dispose()));
  }
}

/** Picks the options of a schema from those of a larger one. */
function pickOptions<Schema extends z.ZodObject>(schema: Schema, options: Record<string, unknown>): z.output<Schema> {
  return schema.parse(Object.fromEntries(Object.entries(options).filter(([name]) => name in schema.shape)));
}

interface BatchContext {
  out: string;
  options: JobOptions;
  emit(event: BatchEvent): void;
  stop: AbortSignal;
}

/** Errors after which no other scan would succeed. */
const FATAL: ReadonlySet<string> = new Set(['model-closed', 'disk-full']);

/** Runs the scans, each segmenter one at a time, and returns their events in the order of the scans. */
async function runBatch(
  scans: readonly ScanSource[],
  segmenters: readonly Segmenter[],
  { out, options, emit, stop }: BatchContext,
): Promise<BatchScanEvent[]> {
  const jobs = scans.map((scan): SegmentJob => ({ scan, options, out: join(out, scan.name), keep: true }));
  const ended = new Map<number, BatchScanEvent>();
  const inOrder = () => [...ended].sort(([a], [b]) => a - b).map(([, event]) => event);
  /** Share of each running scan that is done. */
  const shares = new Map<number, number>();
  const progress = () => {
    const running = [...shares.values()].reduce((sum, share) => sum + share, 0);
    emit({ type: 'progress', done: ended.size + running, total: scans.length });
  };
  let tables = Promise.resolve();
  let next = 0;
  const lane = async (segmenter: Segmenter) => {
    while (next < jobs.length) {
      const at = next++;
      const { name, path, series = null } = scans[at]!;
      const which = { type: 'scan', name, path, series } as const;
      let event: BatchScanEvent;
      try {
        const onEvent = (inner: SegmentProgress) => {
          if (inner.type !== 'progress') return;
          shares.set(at, inner.done / inner.total);
          progress();
        };
        const {
          regions: _,
          grid: __,
          ...result
        } = await segmenter.run(jobs[at]!, onEvent, {
          signal: stop,
          // With several workers another one may take it; they read while this one runs.
          next: segmenters.length === 1 ? jobs[next] : undefined,
        });
        event = { ...which, status: result.kept ? 'kept' : 'finished', result };
      } catch (error) {
        if (stop.aborted || !(error instanceof NoduleTrainError) || FATAL.has(error.code)) throw error;
        event = { ...which, status: 'failed', code: error.code, message: error.message };
      }
      shares.delete(at);
      ended.set(at, event);
      tables = tables.then(() => writeBatchTables(out, inOrder(), options.format?.includes('luna16-csv') ?? false));
      await tables;
      progress();
      emit(event);
    }
  };
  await Promise.all(segmenters.map(lane));
  return inOrder();
}

function endEvent(out: string, events: readonly BatchScanEvent[], skipped: readonly SkippedScan[]): BatchEndEvent {
  const failed = events.flatMap((event) => {
    if (event.status !== 'failed') return [];
    const { name, path, code, message } = event;
    return [{ name, path, code, message }];
  });
  const nodules = events.map((event) => (event.status === 'failed' ? 0 : event.result.nodules.length));
  return {
    type: 'end',
    status: failed.length === 0 ? 'finished' : 'failed',
    out,
    scans: events.length,
    done: events.length - failed.length,
    kept: events.filter(({ status }) => status === 'kept').length,
    nodules: nodules.reduce((sum, count) => sum + count, 0),
    failed,
    skipped,
  };
}
