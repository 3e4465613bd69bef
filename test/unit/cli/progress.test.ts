import { describe, expect, it } from 'vitest';
import { clock, ProgressView, progressLine } from '../../../dist/cli/progress.js';

describe('clock', () => {
  it.each([
    [3, '0:03'],
    [123, '2:03'],
    [3723, '1:02:03'],
  ])('writes %d seconds as %s', (seconds, text) => expect(clock(seconds)).toBe(text));
});

describe('progressLine', () => {
  const progress = { label: 'epoch 1/2', done: 25, total: 100, rate: 61.4, unit: 'crops' };

  it('shows bar, rate and the time left at the speed so far', () => {
    expect(progressLine(progress, 10, 80, 8)).toBe('epoch 1/2  ██░░░░░░  25/100  61 crops/s  0:30 left');
  });
  it('shows no time left before the first unit and at the end', () => {
    expect(progressLine({ ...progress, done: 0 }, 0, 80, 0)).not.toContain('left');
    expect(progressLine({ ...progress, done: 100 }, 40, 80, 0)).not.toContain('left');
  });
  it('is never longer than the terminal is wide', () => {
    expect(progressLine(progress, 10, 20, 24)).toHaveLength(20);
  });
});

describe('ProgressView', () => {
  const stream = (isTTY: boolean) => {
    const written: string[] = [];
    return {
      written,
      isTTY,
      columns: 80,
      write: (text: string) => written.push(text) > 0,
    } as never as NodeJS.WriteStream & {
      written: string[];
    };
  };

  it('updates one line on a terminal, and removes it for a line that stays', () => {
    const out = stream(true);
    const view = new ProgressView(out);
    view.show({ label: 'a', done: 1, total: 2 });
    view.line('hello');
    expect(out.written[0]?.startsWith('\ra  ')).toBe(true);
    expect(out.written[0]?.endsWith('\x1b[K')).toBe(true);
    expect(out.written.slice(1)).toEqual(['\r\x1b[K', 'hello\n']);
  });
  it('writes plain lines without control characters elsewhere', () => {
    const out = stream(false);
    const view = new ProgressView(out, 0);
    view.show({ label: 'a', done: 1, total: 2 });
    view.line('hello');
    expect(out.written.join('')).toBe('a  1/2\nhello\n');
  });
});
