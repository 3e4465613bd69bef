import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inSupport } from './paths.js';

export interface MutatedFigures {
  inputs: number;
  read: number;
  refused: number;
  /** Of the values that were read. */
  tensors: number;
  /** How often each error code. */
  codes: Record<string, number>;
  slowestMs: number;
  /** The most that one value held. */
  mostTensorBytes: number;
  /** Resident set of the process: its highest, and after the first 300 inputs. */
  mostRssMiB: number;
  rssAfter300: number;
}

/** Of mutatedScans.mjs. */
export interface MutatedScanFigures
  extends Pick<MutatedFigures, 'inputs' | 'read' | 'refused' | 'codes' | 'slowestMs' | 'mostRssMiB' | 'rssAfter300'> {
  /** The most that the resident set grew by one input. */
  mostGrownMiB: number;
}

/** mutatedFiles.mjs: the readers of safetensors, .pt, .npy and .npz. */
export const readMutatedFiles = (count: number, seed: number, deadlineMs: number): MutatedFigures =>
  runMutations('mutatedFiles.mjs', count, seed, deadlineMs);

/** mutatedScans.mjs: the readers of MetaImage, NIfTI and NRRD. */
export const readMutatedScans = (count: number, seed: number, deadlineMs: number): MutatedScanFigures =>
  runMutations('mutatedScans.mjs', count, seed, deadlineMs);

/**
 * Runs a program in a process of its own, so that a crash or a hang is an error of this test and no more.
 * @throws Error with the input where one left the rules
 */
function runMutations<Figures>(name: string, count: number, seed: number, deadlineMs: number): Figures {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mutated-'));
  const program = inSupport(name);
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [program, String(count), String(seed), folder],
    {
      encoding: 'utf8',
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    },
  );
  if (status !== 0) {
    const near = fs.readFileSync(path.join(folder, 'progress'), 'utf8');
    throw new Error(
      `${count} mutated files of seed ${seed}: ${signal ?? `exit code ${status}`} at input ${near} or within 100 after ` +
        `it; the last one is kept in ${folder}\n${stderr}`,
    );
  }
  fs.rmSync(folder, { recursive: true });
  return JSON.parse(stdout);
}
