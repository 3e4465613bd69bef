// Shared by the programs that give mutated files to the readers: arguments, byte mutations, and the rules for each
// input.
import fs from 'node:fs';
import path from 'node:path';
import { seededRandom } from '../../scripts/fuzz/seededRandom.mjs';

/** Memory in bytes that reading a file may take besides the file's size. */
const MOST_BESIDE = 64 * 2 ** 20;
const MOST_MS = 5000;
const MOST_LETTERS = 1500;

/** Arguments COUNT SEED FOLDER of the program, and the random numbers of the seed. */
export const mutationArguments = () => {
  const [count, seed, folder] = process.argv.slice(2);
  return { count: Number(count), seed: Number(seed), folder, ...seededRandom(Number(seed)) };
};

/** Values at the edges of integer types, for fields of a header. */
export const EDGE_NUMBERS = [0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff].map(
  BigInt,
);

/**
 * Mutations of bytes, each of which returns the mutated bytes.
 * @param {{below(n: number): number}} random
 * @param {(bytes: Buffer) => number} [place] chooses where to mutate
 */
export const byteMutations = ({ below }, place = (bytes) => below(bytes.length)) => ({
  flipBit: (bytes) => {
    bytes[place(bytes)] ^= 1 << below(8);
    return bytes;
  },
  setByte: (bytes) => {
    bytes[place(bytes)] = below(256);
    return bytes;
  },
  truncate: (bytes) => bytes.subarray(0, below(bytes.length)),
  removeBytes: (bytes) => {
    const at = place(bytes);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(16))]);
  },
  /** Repeats some bytes; `times` draws how often. */
  repeatBytes: (times) => (bytes) => {
    const at = place(bytes);
    const part = bytes.subarray(at, at + 1 + below(24));
    return Buffer.concat([bytes.subarray(0, at), ...new Array(times()).fill(part), bytes.subarray(at)]);
  },
  /** Copies a part of the bytes that `other` chooses over these. */
  overwrite: (other) => (bytes) => {
    const from = other(bytes);
    const begin = below(from.length);
    Buffer.from(from.subarray(begin, begin + 1 + below(64))).copy(bytes, place(bytes));
    return bytes;
  },
});

/** Peak resident memory of this process in bytes. */
export const peakMemory = () => process.resourceUsage().maxRSS * 1024;

export const mebibytes = (bytes) => Math.round(bytes / 2 ** 20);

/**
 * The rules for each input. The process ends with exit code 1, and keeps the input in `folder`, when one is broken.
 * @param {{seed: number, folder: string}} options
 */
export const inputRules = ({ seed, folder }) => {
  const codes = {};
  let current = { index: 0, name: '', file: '' };
  const fail = (what) => {
    const { index, name, file } = current;
    const kept = path.join(folder, `breaks-the-rules-${seed}-${index}-${name}`);
    fs.copyFileSync(file, kept);
    console.error(`input ${index} of seed ${seed} (${name}, kept as ${kept}): ${what}`);
    process.exit(1);
  };
  return {
    /** How often each error code was thrown. */
    codes,
    /** Starts an input. If the process crashes, its parent reads from `progress` at which one. */
    begin: (index, name, file) => {
      current = { index, name, file };
      fs.writeFileSync(path.join(folder, 'progress'), String(index));
    },
    fail,
    /** Counts an error of a reader, which must be a NoduleTrainError of one line. */
    checkError: (error) => {
      if (error?.name !== 'NoduleTrainError') fail(`${error?.stack ?? error}`);
      const { message, code } = error;
      if (/[\n\r]/.test(message) || message.length > MOST_LETTERS)
        fail(`the message is not one line of at most ${MOST_LETTERS} letters: ${message.slice(0, 2000)}`);
      codes[code] = (codes[code] ?? 0) + 1;
    },
    /** Checks the time and the memory (both for growth and for tensors held) that reading `bytes` bytes took. */
    checkCost: ({ ms = 0, grown = 0, held = 0 }, bytes) => {
      if (ms > MOST_MS) fail(`reading took ${Math.round(ms)} ms`);
      if (grown > bytes + MOST_BESIDE) fail(`the process grew by ${grown} bytes for a file of ${bytes}`);
      if (held > bytes + MOST_BESIDE) fail(`tensors hold ${held} bytes for a file of ${bytes}`);
    },
  };
};
