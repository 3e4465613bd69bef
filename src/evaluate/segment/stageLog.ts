import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NoduleTrainError, writeError } from '../../runtime/index.js';

export const LOG_FILE = 'segment.log.jsonl';

/**
 * The log of one scan: a JSON line for each stage with its time, and one for a failure. It has the code of an error
 * and not its text, which may name a folder, and folders are often named after patients.
 */
export class StageLog {
  readonly #file: string | null;

  /**
   * @param folder null: nothing is logged
   * @throws NoduleTrainError `disk-full`, `write-failed`
   */
  constructor(folder: string | null) {
    this.#file = folder === null ? null : join(folder, LOG_FILE);
    this.#put((file) => writeFileSync(file, ''));
  }

  /**
   * Runs a stage and logs how long it took.
   * @throws NoduleTrainError `disk-full`, `write-failed`, and what `work` throws
   */
  async stage<T>(stage: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const value = await work();
    this.#write({ stage, seconds: Number(((performance.now() - start) / 1000).toFixed(3)) });
    return value;
  }

  /** Logs a failure, if that is possible: its error counts, not one of the log. */
  failed(error: unknown): void {
    const code = error instanceof NoduleTrainError ? error.code : (error as Error).name;
    try {
      this.#write({ stage: 'failed', code });
    } catch {}
  }

  #write(line: object): void {
    const peakRssBytes = process.resourceUsage().maxRSS * 1024;
    const text = `${JSON.stringify({ time: new Date().toISOString(), ...line, peakRssBytes })}\n`;
    this.#put((file) => appendFileSync(file, text));
  }

  #put(write: (file: string) => void): void {
    if (this.#file === null) return;
    try {
      write(this.#file);
    } catch (cause) {
      throw writeError(this.#file, cause);
    }
  }
}
