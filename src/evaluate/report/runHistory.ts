import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { NoduleTrainError } from '../../runtime/index.js';
import type { EpochEvent, StartEvent, TrainEvent, ValidationEvent } from '../../train/index.js';

/** What a run has recorded of one epoch. */
export interface EpochRecord {
  epoch: number;
  training: EpochEvent | null;
  validation: ValidationEvent | null;
  /** Middle of the rates of its steps, in crops per second; null where none was recorded. */
  cropsPerSecond: number | null;
}

export interface RunHistory {
  epochs: EpochRecord[];
  /** Of the last time that the run was started or resumed. */
  start: StartEvent | null;
  /** How often the run was resumed. */
  resumes: number;
  status: 'finished' | 'stopped' | 'not ended';
}

/**
 * Reads `events.jsonl`. What a killed run had done after its last checkpoint was done again when it was resumed, and only counts as it was then.
 * @throws NoduleTrainError `run-events` for a damaged line
 */
export async function readRunHistory(path: string): Promise<RunHistory> {
  const history = newHistory();
  if (!existsSync(path)) return history.read();
  let torn: string | null = null;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    // Only the last line may be torn, by a kill.
    if (torn !== null) throw new NoduleTrainError('run-events', torn);
    number++;
    if (line === '') continue;
    try {
      history.add(JSON.parse(line) as TrainEvent);
    } catch (cause) {
      torn = `reading ${path}: line ${number} is no event (${(cause as Error).message}); one JSON object a line is wanted: take the damaged line out`;
    }
  }
  return history.read();
}

/** Collects events in their order. */
export function newHistory(): { add(event: TrainEvent): void; read(): RunHistory } {
  const training = new Map<number, EpochEvent>();
  const validations = new Map<number, ValidationEvent>();
  const rates = new Map<number, { step: number; rate: number }[]>();
  const stepsOf = (epoch: number) => {
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
      } else if (event.type === 'step') stepsOf(event.epoch).push({ step: event.step, rate: event.rate });
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
          cropsPerSecond: middle((rates.get(epoch) ?? []).map(({ rate }) => rate)),
        })),
        start,
        resumes: Math.max(0, starts - 1),
        status,
      };
    },
  };
}

function middle(values: readonly number[]): number | null {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? null;
}
