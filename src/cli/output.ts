import { ProgressView } from './progress.js';

/** Where a command's words go: with `--json` events on stdout and everything else on stderr. */
export interface Output {
  json: boolean;
  /** A JSON line on stdout, with `--json` only. */
  event(event: object): void;
  /** A line for people. */
  print(line: string): void;
  progress: ProgressView;
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
  };
}
