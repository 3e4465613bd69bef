import type { WriteStream } from 'node:tty';

const SHORTEST_BAR = 4;

/** State of a piece of work. */
export interface Progress {
  label: string;
  done: number;
  total: number;
  /** Units per second, for instance crops/s. */
  rate?: number;
  unit?: string;
  /** If it is known better than from the share that is done. */
  secondsLeft?: number;
  /** `secondsLeft` is a lower bound. */
  atLeast?: boolean;
  note?: string;
}

/** Formats a duration: `1:02:03`, `2:03`, or `0:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * Formats progress as one line of at most `width` columns: label, bar (of at most `barWidth`), count, rate, time left,
 * note. If there is not enough room the bar gets shorter, then bar, count and rate are dropped.
 */
export function progressLine(progress: Progress, secondsPassed: number, width: number, barWidth: number): string {
  const { label, done, total, rate, unit, note } = progress;
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const paced = secondsPassed > 0 && done > 0 && done < total ? (secondsPassed / done) * (total - done) : null;
  const seconds = progress.secondsLeft ?? paced;
  const left = seconds === null ? '' : `${progress.atLeast ? 'over ' : ''}${clock(seconds)} left`;
  const speed = rate === undefined ? '' : `${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)} ${unit ?? ''}/s`;
  const parts = { label, bar: '', count: `${done}/${total}`, speed, left, note: note ?? '' };
  const text = () =>
    Object.values(parts)
      .filter((part) => part !== '')
      .join('  ');
  const room = Math.min(barWidth, width - text().length - 2);
  if (room >= SHORTEST_BAR) {
    const filled = Math.round(share * room);
    parts.bar = `${'█'.repeat(filled)}${'░'.repeat(room - filled)}`;
  }
  for (const part of ['count', 'speed'] as const) if (text().length > width) parts[part] = '';
  return text().slice(0, width);
}

/** Progress over scans, of which a part may be done. */
export function scanProgress(progress: { label: string; done: number; total: number; note?: string }): Progress {
  return { ...progress, done: Math.round(10 * progress.done) / 10, unit: 'scans' };
}

/**
 * Shows progress on one line that is updated in place on a terminal, or as a plain line now and then elsewhere. The
 * time left is estimated from the progress seen so far under the same label.
 */
export class ProgressView {
  readonly #stream: NodeJS.WritableStream & Partial<WriteStream>;
  readonly #interval: number;
  #label = '';
  #startedAt = 0;
  #startedDone = 0;
  #shownAt = Number.NEGATIVE_INFINITY;
  #open = false;

  /** @param plainSeconds seconds between two plain lines */
  constructor(stream: NodeJS.WritableStream & Partial<WriteStream>, plainSeconds = 10) {
    this.#stream = stream;
    this.#interval = stream.isTTY ? 0.1 : plainSeconds;
  }

  show(progress: Progress): void {
    const now = performance.now() / 1000;
    if (progress.label !== this.#label) {
      this.clear();
      this.#label = progress.label;
      this.#startedAt = now;
      this.#startedDone = progress.done;
      this.#shownAt = this.#stream.isTTY ? Number.NEGATIVE_INFINITY : now;
    }
    if (now - this.#shownAt < this.#interval) return;
    this.#shownAt = now;
    // Work done before the label was first seen (a resumed run) took none of this time.
    const seen = progress.done - this.#startedDone;
    const passed = seen > 0 ? ((now - this.#startedAt) / seen) * progress.done : 0;
    const columns = this.#stream.columns ?? 120;
    if (this.#stream.isTTY) this.#stream.write(`\r${progressLine(progress, passed, columns - 1, 24)}\x1b[K`);
    else this.#stream.write(`${progressLine(progress, passed, columns, 0)}\n`);
    this.#open = this.#stream.isTTY === true;
  }

  /** Prints a line that stays, above the progress. */
  line(text: string): void {
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  /** Removes the progress line until it is shown again. */
  clear(): void {
    if (this.#open) this.#stream.write('\r\x1b[K');
    this.#open = false;
  }
}
