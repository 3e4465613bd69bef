import pc from 'picocolors';
import { ProgressView } from './progress.js';

/** Where a command's words go: with `--json` events on stdout and everything else on stderr. */
export interface Output {
  json: boolean;
  /** A JSON line on stdout, with `--json` only. */
  event(event: object): void;
  /** A line for people. */
  print(line: string): void;
  progress: ProgressView;
  /** Colours for a terminal; without one, or with NO_COLOR, text stays as it is. */
  paint: Pick<ReturnType<typeof pc.createColors>, 'bold' | 'dim' | 'green'>;
  /** Characters that a line may have. */
  width(): number;
}

export function openOutput(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout;
  const progress = new ProgressView(stream);
  return {
    json,
    event: (event) => {
      if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
    },
    print: (line) => progress.line(line),
    progress,
    paint: pc.createColors(stream.isTTY === true && pc.isColorSupported),
    width: () => (stream.isTTY ? stream.columns - 1 : 120),
  };
}
