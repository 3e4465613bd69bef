import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inSupport } from './paths.js';

export interface MutatedDicomFigures {
  inputs: number;
  /** Of the inputs as a file alone. */
  read: number;
  refused: number;
  /** How many left a series of three slices readable, and a folder that can be listed. */
  asSeries: number;
  listed: number;
  /** How often each error code, of three calls an input. */
  codes: Record<string, number>;
  /** Processor time of the slowest input. */
  slowestCpuMs: number;
  /** The most that the process grew by in one input, and its highest resident set. */
  mostGrownMiB: number;
  mostRssMiB: number;
}

/**
 * Runs mutatedDicom.mjs in a separate process, so that a crash or a hang fails only this test.
 * @throws Error with the input if one left the rules
 */
export function readMutatedDicom(count: number, seed: number, deadlineMs: number): MutatedDicomFigures {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mutated-dicom-'));
  const program = inSupport('mutatedDicom.mjs');
  const args = [program, String(count), String(seed), folder];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  });
  if (status !== 0) {
    const at = fs.readFileSync(path.join(folder, 'progress'), 'utf8');
    throw new Error(
      `${count} mutated DICOM files of seed ${seed}: ${signal ?? `exit code ${status}`} at input ${at}, ` +
        `which is kept in ${folder}\n${stderr}`,
    );
  }
  fs.rmSync(folder, { recursive: true });
  return JSON.parse(stdout);
}
