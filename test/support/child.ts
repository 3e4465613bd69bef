import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll } from 'vitest';
import { torchUrl } from './paths.js';

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Child {
  process: ChildProcess;
  /** What it has printed so far. */
  stdout(): string;
  /** Resolves as soon as its output holds the text or meets the condition; rejects where the process ends before. */
  said(what: string | ((stdout: string) => boolean)): Promise<void>;
  /** Resolves when it has printed the line. */
  stage(line: string): Promise<void>;
  /** Rejects, and kills the process, where it does not end in time. */
  ended: Promise<Ended>;
}

const running = new Set<ChildProcess>();
// Where a test fails before it ends its process.
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Collects the output of a process. The errors quote its last line, the stage that it had reached. */
export function watchChild(child: ChildProcess, deadlineMs: number): Child {
  let stdout = '';
  let stderr = '';
  const waiting: (() => void)[] = [];
  running.add(child);
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
    for (const look of waiting) look();
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const last = () => stdout.trim().split('\n').at(-1) || 'the start';
  const ended = new Promise<Ended>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no end within ${deadlineMs} ms; the last stage was: ${last()}\n${stderr}`));
    }, deadlineMs);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
  // A caller that waits for a stage gets the rejection there.
  ended.catch(() => {});
  const said = (what: string | ((stdout: string) => boolean)) =>
    new Promise<void>((resolve, reject) => {
      const holds = typeof what === 'string' ? (text: string) => text.includes(what) : what;
      const look = () => {
        if (holds(stdout)) resolve();
      };
      waiting.push(look);
      look();
      ended.then(
        (end) => reject(new Error(`ended (${end.signal ?? end.code}) before it said ${what}: ${end.stderr || last()}`)),
        reject,
      );
    });
  const stage = (line: string) => said((text) => text.split('\n').includes(line));
  return { process: child, stdout: () => stdout, said, stage, ended };
}

/** Runs an ES module in a separate Node process, with `torch` imported. Every wait has a deadline. */
export function runChild(source: string, { deadline = 20_000, flags = [] as string[], withTorch = true } = {}): Child {
  const program = `${withTorch ? `import * as torch from ${JSON.stringify(torchUrl)};` : ''}\n${source}`;
  const args = [...flags, '--input-type=module', '--eval', program];
  return watchChild(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }), deadline);
}
