import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { watchChild } from '../support/child.js';
import { inGolden, inRoot } from '../support/paths.js';

// Calls that no caller should make: thousands of them in a few processes, each an error of this package or the right
// value. In the child every block of memory ends at an inaccessible page and is unmapped when it is freed, so that a
// read or write outside ends the process, and the test names the call.

interface Outcome {
  name: string;
  value?: string;
  fault?: string;
  error?: string;
  code?: string;
  message?: string;
}

const LIMIT = 150_000;
const MOST_CRASHES = 5;

/** Makes all calls of a group. A process that ends early is counted as a crash of its last call; the rest goes on. */
async function outcomesOf(group: string): Promise<{ outcomes: Outcome[]; crashes: string[] }> {
  const outcomes: Outcome[] = [];
  const crashes: string[] = [];
  for (let first = 0; crashes.length < MOST_CRASHES; ) {
    const program = inRoot('test', 'support', 'hostile', 'child.mjs');
    const child = watchChild(spawn(process.execPath, [program, group, String(first)]), LIMIT);
    const { code, signal, stdout, stderr } = await child.ended;
    const lines = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    outcomes.push(...lines.filter((line) => line.number === undefined && line.end === undefined));
    if (lines.at(-1)?.end !== undefined && code === 0) return { outcomes, crashes };
    const last = lines.findLast((line) => line.number !== undefined);
    crashes.push(`${last?.name ?? 'the start'}: ${signal ?? code} ${stderr.slice(-300)}`);
    first = last === undefined ? Number.POSITIVE_INFINITY : last.number;
    if (last === undefined) break;
  }
  return { outcomes, crashes };
}

/** Errors that the caller's own objects throw, and those of JavaScript for a wrong receiver or a detached array. */
const isOfTheCaller = ({ name, message = '' }: Outcome): boolean =>
  /^(the proxy throws|valueOf throws|toString throws)$/.test(message) ||
  (/Cannot read private member|Cannot (read|destructure) propert/.test(message) &&
    /^(shape of v|dispose\.call|toArray\.call)|Object\.create\(Tensor\.prototype\)$/.test(name)) ||
  (message.includes('detached ArrayBuffer') && name.endsWith('a detached Float32Array'));

const isOurs = ({ error, code, message = '' }: Outcome): boolean =>
  error === 'NoduleTrainError' &&
  typeof code === 'string' &&
  !/\n|\.cpp:|\.h:\d|at::|c10::|Exception raised from|\[object \w|undefined is not/.test(message);

describe('hostile calls', () => {
  it(
    'with every kind of value in every place are one error each, or the value that was reviewed',
    async () => {
      const { outcomes, crashes } = await outcomesOf('values');
      expect(crashes).toEqual([]);
      expect(outcomes.length).toBeGreaterThan(5000);
      /** Results by call and value; made by test/golden/make/hostile.mjs and read through by hand. */
      const golden: Record<string, Record<string, string>> = JSON.parse(
        fs.readFileSync(inGolden('hostile.json'), 'utf8'),
      );
      const faults = outcomes.flatMap((outcome) => {
        const [place = '', value = ''] = outcome.name.split(', v = ');
        const expected = golden[place]?.[value];
        if (outcome.value !== undefined)
          return outcome.value === expected
            ? []
            : [`${outcome.name}: gave ${outcome.value}, expected ${expected ?? 'an error'}`];
        if (expected !== undefined) return [`${outcome.name}: threw ${outcome.message}, expected ${expected}`];
        return isOurs(outcome) || isOfTheCaller(outcome)
          ? []
          : [`${outcome.name}: threw ${outcome.error} ${outcome.message}`];
      });
      expect(faults).toEqual([]);
    },
    LIMIT,
  );

  it(
    'on memory that data() shows, by every owner, leave the view whole or detached',
    async () => {
      const { outcomes, crashes } = await outcomesOf('views');
      expect(crashes).toEqual([]);
      expect(outcomes.length).toBeGreaterThanOrEqual(150);
      expect(outcomes.filter((outcome) => outcome.fault !== undefined)).toEqual([]);
      // Node 22 refuses to transfer a buffer over memory outside its own.
      const isRefused = ({ error, name }: Outcome) => error === 'DataCloneError' && name.includes('transfer');
      const wrong = outcomes.filter((one) => one.error !== undefined && !isOurs(one) && !isRefused(one));
      expect(wrong).toEqual([]);
    },
    LIMIT,
  );
});
