import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inSupport } from './paths.js';

interface Figures {
  inputs: number;
  read: number;
  refused: number;
  /** How often each error code was thrown. */
  codes: Record<string, number>;
  /** Peak resident memory of the process. */
  mostRssMiB: number;
}

export interface MutatedFigures extends Figures {
  slowestMs: number;
  rssAfter300: number;
  /** Number of tensors in the values that were read. */
  tensors: number;
  /** Largest size of the tensors of one value. */
  mostTensorBytes: number;
}

export interface MutatedScanFigures extends Figures {
  slowestMs: number;
  rssAfter300: number;
  /** Largest growth of the resident memory by one input. */
  mostGrownMiB: number;
}

/** `read` and `refused` are of the input as a single file, `codes` of three calls per input. */
export interface MutatedDicomFigures extends Figures {
  /** How often a series of three slices with the input was read, and its folder listed. */
  asSeries: number;
  listed: number;
  /** Processor time of the slowest input. */
  slowestCpuMs: number;
  /** Largest growth of the resident memory by one input. */
  mostGrownMiB: number;
}

/** mutatedFiles.mjs: the readers of safetensors, .pt, .npy and .npz. */
export const readMutatedFiles = (count: number, seed: number, deadlineMs: number): MutatedFigures =>
  runMutations('mutatedFiles.mjs', count, seed, deadlineMs);

/** mutatedScans.mjs: the readers of MetaImage, NIfTI and NRRD. */
export const readMutatedScans = (count: number, seed: number, deadlineMs: number): MutatedScanFigures =>
  runMutations('mutatedScans.mjs', count, seed, deadlineMs);

/** mutatedDicom.mjs: the readers of DICOM files and series. */
export const readMutatedDicom = (count: number, seed: number, deadlineMs: number): MutatedDicomFigures =>
  runMutations('mutatedDicom.mjs', count, seed, deadlineMs);

/**
 * Runs a program in its own process, so that a crash or a hang fails only the calling test.
 * @throws Error with the number of the input that broke a rule, which is kept
 */
function runMutations<T extends Figures>(name: string, count: number, seed: number, deadlineMs: number): T {
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
    const at = fs.readFileSync(path.join(folder, 'progress'), 'utf8');
    const ended = `${signal ?? `exit code ${status}`} at input ${at}, which is kept in ${folder}`;
    throw new Error(`running ${name} with ${count} inputs of seed ${seed}: ${ended}\n${stderr}`);
  }
  fs.rmSync(folder, { recursive: true });
  return JSON.parse(stdout);
}
