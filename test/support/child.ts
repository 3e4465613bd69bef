import { type ChildProcess, spawn } from 'node:child_process';

const torch = new URL('../../dist/torch/index.js', import.meta.url).href;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Child {
  process: ChildProcess;
  /** Resolves when the child has printed the line. */
  stage(name: string): Promise<void>;
  ended: Promise<Ended>;
}

/**
 * Runs an ES module in a Node process of its own, with `torch` imported. Every wait has a deadline, and the error says which
 * stage (line of the child's output) was the last.
 */
export function runChild(source: string, { deadline = 20_000, flags = [] as string[], withTorch = true } = {}): Child {
  const child = spawn(
    process.execPath,
    [
      ...flags,
      '--input-type=module',
      '--eval',
      `${withTorch ? `import * as torch from ${JSON.stringify(torch)};` : ''}\n${source}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  const waiting: (() => void)[] = [];
  child.stdout.on('data', (bytes) => {
    stdout += bytes;
    for (const look of waiting) look();
  });
  child.stderr.on('data', (bytes) => {
    stderr += bytes;
  });
  const last = () => stdout.trim().split('\n').at(-1) || 'the start';
  const ended = new Promise<Ended>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no end within ${deadline} ms; the last stage was: ${last()}\n${stderr}`));
    }, deadline);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
  // A caller that waits for a stage hears of it there.
  ended.catch(() => {});
  const stage = (name: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (stdout.split('\n').includes(name)) resolve();
      };
      waiting.push(look);
      look();
      ended.then(
        (end) => reject(new Error(`ended (${end.signal ?? end.code}) before stage ${name}: ${end.stderr}`)),
        reject,
      );
    });
  return { process: child, stage, ended };
}
