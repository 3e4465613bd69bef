import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NoduleTrainError } from '../../runtime/index.js';

export const LOG_FILE = 'segment.log.jsonl';

/**
 * The log of one scan: a JSON line for each stage with its time, and one for a failure. It has the code of an error
 * and not its text, which may name a folder, and folders are often named after patients.
 */
export class StageLog {
  readonly #file: string | null;

  /** @param folder null: nothing is logged */
  constructor(folder: string | null) {
    this.#file = folder === null ? null : join(folder, LOG_FILE);
    if (this.#file !== null) writeFileSync(this.#file, '');
  }

  /** Runs a stage and logs how long it took. */
  async stage<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const value = await work();
    this.write({ stage, seconds: Number(((performance.now() - start) / 1000).toFixed(3)) });
    return value;
  }

  failed(error: unknown): void {
    this.write({ stage: 'failed', code: error instanceof NoduleTrainError ? error.code : (error as Error).name });
  }

  write(line: object): void {
    if (this.#file === null) return;
    const peakRssBytes = process.resourceUsage().maxRSS * 1024;
    appendFileSync(this.#file, `${JSON.stringify({ time: new Date().toISOString(), ...line, peakRssBytes })}\n`);
  }
}
