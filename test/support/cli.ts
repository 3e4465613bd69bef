import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { type Child, watchChild } from './child.js';
import { main } from './paths.js';

export type CliRun = SpawnSyncReturns<string>;

export interface CliOptions {
  cwd?: string;
  /** Added to the environment of the test. */
  env?: NodeJS.ProcessEnv;
  /** A command that starts Node, such as `unshare`. */
  prefix?: readonly string[];
  /** Milliseconds after which the command is killed; ten minutes by default. */
  deadline?: number;
}

/** Runs `nodule-train` with the arguments and waits for its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): CliRun {
  const { cwd, env, prefix = [], deadline = 600_000 } = options;
  const [command, ...rest] = [...prefix, process.execPath, main, ...args];
  return spawnSync(command!, rest, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
    timeout: deadline,
    killSignal: 'SIGKILL',
  });
}

/** The same in one folder: `cli('train', '--data', 'scans')`. */
export const cliIn =
  (cwd: string, options: CliOptions = {}) =>
  (...args: string[]): CliRun =>
    runCli(args, { ...options, cwd });

/** Starts `nodule-train` and gives the running process; it is killed at the deadline, two minutes by default. */
export function startCli(args: readonly string[], { cwd, env, deadline = 120_000 }: CliOptions = {}): Child {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return watchChild(child, deadline);
}

/**
 * Returns a run that succeeded.
 * @throws Error with what it printed to stderr if it did not
 */
export function succeeded(run: CliRun): CliRun {
  if (run.status !== 0) throw new Error(`nodule-train: ${run.signal ?? `exit status ${run.status}`}\n${run.stderr}`);
  return run;
}

/** The objects of an output of one JSON object a line: `--json`, or a run's events.jsonl. */
export const jsonLines = (text: string): ({ type: string } & Record<string, any>)[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
