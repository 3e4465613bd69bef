import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { upperMedian } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { EpochEvent, StartEvent, TrainEvent, ValidationEvent } from '../../train/index.js';

/** Events of one epoch. */
export interface EpochRecord {
  epoch: number;
  training: EpochEvent | null;
  validation: ValidationEvent | null;
  /** Median rate of its steps; null if none was recorded. */
  cropsPerSecond: number | null;
}

export interface RunHistory {
  epochs: EpochRecord[];
  /** The last start or resumption of the run. */
  start: StartEvent | null;
  resumes: number;
  status: 'finished' | 'stopped' | 'not ended';
}

/**
 * Reads `events.jsonl`. A run that was killed after its last checkpoint repeats the lost steps when it is resumed; only
 * the repetition counts. A missing file is an empty history.
 * @throws NoduleTrainError `run-events` for a damaged line, unless it is the last one
 */
export async function readRunHistory(path: string): Promise<RunHistory> {
  const history = newHistory();
  if (!existsSync(path)) return history.read();
  let damaged: string | null = null;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    // A kill can truncate the last line only.
    if (damaged !== null) throw new NoduleTrainError('run-events', damaged);
    number++;
    if (line === '') continue;
    try {
      history.add(JSON.parse(line) as TrainEvent);
    } catch (cause) {
      damaged =
        `reading ${path}: line ${number} is not an event (${(cause as Error).message}), ` +
        'expected one JSON object per line. Remove the damaged line.';
    }
  }
  return history.read();
}

/** Collects the events of a run in their order. */
export function newHistory(): { add(event: TrainEvent): void; read(): RunHistory } {
  const training = new Map<number, EpochEvent>();
  const validations = new Map<number, ValidationEvent>();
  const rates = new Map<number, { step: number; rate: number }[]>();
  const stepsIn = (epoch: number) => {
    if (!rates.has(epoch)) rates.set(epoch, []);
    return rates.get(epoch)!;
  };
  let start: StartEvent | null = null;
  let starts = 0;
  let status: RunHistory['status'] = 'not ended';
  return {
    add(event) {
      if (event.type === 'start') {
        for (const map of [training, validations])
          for (const [epoch, { step }] of map) if (step > event.step) map.delete(epoch);
        for (const [epoch, steps] of rates)
          rates.set(
            epoch,
            steps.filter(({ step }) => step <= event.step),
          );
        start = event;
        starts++;
        status = 'not ended';
      } else if (event.type === 'step') stepsIn(event.epoch).push({ step: event.step, rate: event.rate });
      else if (event.type === 'epoch') training.set(event.epoch, event);
      else if (event.type === 'validation') validations.set(event.epoch, event);
      else if (event.type === 'end') status = event.status;
    },
    read() {
      const numbers = [...new Set([...training.keys(), ...validations.keys()])].sort((a, b) => a - b);
      return {
        epochs: numbers.map((epoch) => ({
          epoch,
          training: training.get(epoch) ?? null,
          validation: validations.get(epoch) ?? null,
          cropsPerSecond: medianRate(rates.get(epoch) ?? []),
        })),
        start,
        resumes: Math.max(0, starts - 1),
        status,
      };
    },
  };
}

function medianRate(steps: readonly { rate: number }[]): number | null {
  return upperMedian(Float64Array.from(steps.map(({ rate }) => rate)).filter(Number.isFinite));
}
