import pc from 'picocolors';
import { ProgressView } from './progress.js';
import { wrapText } from './text.js';

/** Where a command's output goes: with `--json` events to stdout and everything else to stderr. */
export interface Output {
  json: boolean;
  /** Prints a JSON line on stdout, with `--json` only. */
  event(event: object): void;
  /** Prints a line for people. */
  print(line: string): void;
  progress: ProgressView;
  /** Colours on a terminal; elsewhere, or with NO_COLOR, text is unchanged. */
  paint: Pick<ReturnType<typeof pc.createColors>, 'bold' | 'dim' | 'green'>;
  /** Columns available for a line. */
  width(): number;
  /** Breaks text into lines as wide as the terminal, all but the first indented. Elsewhere text is unchanged. */
  wrap(text: string, indent: number): string;
}

export function openOutput(json: boolean): Output {
  const stream = json ? process.stderr : process.stdout;
  const progress = new ProgressView(stream);
  const width = () => (stream.isTTY ? stream.columns - 1 : 120);
  return {
    json,
    event: (event) => {
      if (json) process.stdout.write(`${JSON.stringify(event)}\n`);
    },
    print: (line) => progress.line(line),
    progress,
    paint: pc.createColors(stream.isTTY === true && pc.isColorSupported),
    width,
    wrap: (text, indent) => (stream.isTTY ? wrapText(text, width(), indent) : text),
  };
}
