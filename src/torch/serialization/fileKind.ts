import fs from 'node:fs';

/** Formats of files of weights. */
export type WeightsFormat = 'safetensors' | 'torch.save';

type Start = readonly [start: readonly number[], format: WeightsFormat | null, text: string];
const LEGACY = 'a pickle, as torch.save wrote until PyTorch 1.5 (read it with loadPt, or name it .pt)';

/**
 * First bytes of formats, and what such a file is. The first that fits counts, after safetensors: its first bytes are a
 * length, and a header of 640 bytes begins like a pickle.
 */
const STARTS: readonly Start[] = [
  // PK: also TorchScript, .npz and .docx, which the reader tells apart.
  [[0x50, 0x4b, 0x03, 0x04], 'torch.save', 'a zip archive, as torch.save writes (read it with loadPt, or name it .pt)'],
  ...[2, 3, 4, 5].map((protocol): Start => [[0x80, protocol], 'torch.save', LEGACY]),
  [[0x89, 0x48, 0x44, 0x46], null, 'an HDF5 file (Keras), which is not supported'],
  [[0x1f, 0x8b], null, 'a gzip file. Unpack it first'],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], null, 'a NumPy array (.npy, read it with loadNpy)'],
  [[0x3c], null, 'a web page or XML, as a failed download leaves'],
  [[0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x20], null, 'a pointer of Git LFS. Run `git lfs pull`'],
];

const knownStart = (start: Uint8Array): Start | undefined =>
  STARTS.find(([bytes]) => bytes.every((byte, i) => start[i] === byte));

/** Recognizes the format of a file of weights by its first nine bytes; null if it is neither. */
export function weightsFormat(start: Uint8Array): WeightsFormat | null {
  return startsLikeSafetensors(start) ? 'safetensors' : (knownStart(start)?.[1] ?? null);
}

/** Recognizes the format of a file; null if it is neither or cannot be read. */
export function weightsFormatOf(path: string): WeightsFormat | null {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
  } catch {
    return null;
  }
  try {
    const start = new Uint8Array(START_BYTES);
    return weightsFormat(start.subarray(0, fs.readSync(descriptor, start, 0, START_BYTES, 0)));
  } catch {
    return null;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The length of a header of JSON, below 2^32, and its brace. */
const START_BYTES = 9;
const startsLikeSafetensors = (start: Uint8Array): boolean =>
  start.length >= START_BYTES && start[START_BYTES - 1] === 0x7b && start.subarray(4, 8).every((byte) => byte === 0);

/** Describes a file that begins like another format than the expected one; null if it does not. */
export function describeOther(start: Uint8Array, expected: WeightsFormat): string | null {
  if (startsLikeSafetensors(start))
    return expected === 'safetensors' ? null : 'a safetensors file (read it with loadTensors)';
  const known = knownStart(start);
  return known === undefined || known[1] === expected ? null : known[2];
}
