import type { WriteStream } from 'node:tty';

/** How far a piece of work is. */
export interface Progress {
  label: string;
  done: number;
  total: number;
  /** Units per second, for instance crops/s. */
  rate?: number;
  unit?: string;
  /** Where it is known better than from the share that is done. */
  secondsLeft?: number;
  /** That is the least that it takes. */
  atLeast?: boolean;
  note?: string;
}

/** `1:02:03`, `2:03`, or `0:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * One line of at most `width` columns: label, bar (of at most `barWidth`), share, rate, time left, note. Where there is not room for all of it the
 * bar gets shorter, then bar, share and rate are left out.
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
  if (room >= shortestBar) {
    const filled = Math.round(share * room);
    parts.bar = `${'█'.repeat(filled)}${'░'.repeat(room - filled)}`;
  }
  for (const part of ['count', 'speed'] as const) if (text().length > width) parts[part] = '';
  return text().slice(0, width);
}

const shortestBar = 4;

/**
 * Shows progress on one line that renews itself on a terminal, and as a plain line now and then where there is none.
 * The time left is judged by what this call of `show` and its like have seen under the same label.
 */
export class ProgressView {
  readonly #stream: NodeJS.WritableStream & Partial<WriteStream>;
  readonly #interval: number;
  #label = '';
  #startedAt = 0;
  #startedDone = 0;
  #shownAt = Number.NEGATIVE_INFINITY;
  #open = false;

  /** @param plainSeconds time between two plain lines */
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
    // What was done before the label was first seen (a resumed run) took none of the time seen here.
    const seen = progress.done - this.#startedDone;
    const passed = seen > 0 ? ((now - this.#startedAt) / seen) * progress.done : 0;
    const columns = this.#stream.columns ?? 120;
    if (this.#stream.isTTY) this.#stream.write(`\r${progressLine(progress, passed, columns - 1, 24)}\x1b[K`);
    else this.#stream.write(`${progressLine(progress, passed, columns, 0)}\n`);
    this.#open = this.#stream.isTTY === true;
  }

  /** A line that stays, above the progress. */
  line(text: string): void {
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  /** Takes the progress line away until it is shown again. */
  clear(): void {
    if (this.#open) this.#stream.write('\r\x1b[K');
    this.#open = false;
  }
}
