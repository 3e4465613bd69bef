import type { WriteStream } from 'node:tty';

/** How far a piece of work is. */
export interface Progress {
  label: string;
  done: number;
  total: number;
  /** Units per second, for instance crops/s. */
  rate?: number;
  unit?: string;
  note?: string;
}

/** `1:02:03`, `2:03`, or `0:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** One line of at most `width` columns: label, bar (where `barWidth` > 0), share, rate and time left. */
export function progressLine(progress: Progress, secondsPassed: number, width: number, barWidth: number): string {
  const { label, done, total, rate, unit, note } = progress;
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(share * barWidth);
  const bar = barWidth > 0 ? `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}` : '';
  const left =
    secondsPassed > 0 && done > 0 && done < total ? `${clock((secondsPassed / done) * (total - done))} left` : '';
  const speed = rate === undefined ? '' : `${rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)} ${unit ?? ''}/s`;
  const parts = [label, bar, `${done}/${total}`, speed, left, note ?? ''].filter((part) => part !== '');
  return parts.join('  ').slice(0, width);
}

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
