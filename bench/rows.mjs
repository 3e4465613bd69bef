/** Units of a row: `rate` converts seconds per step, `better` is the direction of a better figure. */
const cropsPerSecond = { unit: 'crops/s', better: 'higher', rate: (seconds, batch) => batch / seconds };
const milliseconds = { unit: 'ms', better: 'lower', rate: (seconds) => seconds * 1e3 };
const microseconds = { unit: 'µs', better: 'lower', rate: (seconds) => seconds * 1e6 };

const training = { kind: 'training', batch: 16, size: 64, ...cropsPerSecond };
const files = { kind: 'files', ...milliseconds, peers: [['SimpleITK']] };
const operators = {
  kind: 'operators',
  steps: 20_000,
  ...microseconds,
  unit: 'µs of processor time',
  peers: [['eager']],
};

const EAGER = ['float32', 'channels-last'];
const EAGER_BF16 = ['bf16', 'bf16 channels-last'];

const COMPILED = ['compiled', 'compiled channels-last', 'compiled frozen'];
const COMPILED_BF16 = ['compiled bf16', 'compiled bf16 channels-last', 'compiled bf16 frozen'];

/** libtorch and oneDNN as on a machine without AVX-512. */
const AVX2 = { ATEN_CPU_CAPABILITY: 'avx2', ONEDNN_MAX_CPU_ISA: 'AVX2' };
/** For a compiled peer. glibc then keeps large blocks, as our allocator does. */
const WARM = {
  MALLOC_MMAP_THRESHOLD_: '4294967296',
  MALLOC_TRIM_THRESHOLD_: '4294967296',
  TORCHINDUCTOR_COMPILE_THREADS: '1',
};

/**
 * Kinds that run a program of another name, or in another environment: the names of the program's files, bench/NAME.mjs
 * and bench/peers/NAME.py, and variables for both sides and for the peer alone.
 */
export const KINDS = {
  compiled: { program: 'inference', peerEnv: WARM },
  'inference with AVX2': { program: 'inference', env: AVX2 },
  'compiled with AVX2': { program: 'inference', env: AVX2, peerEnv: WARM },
};

/** A whole slice, and a batch of crops as large as the lungs in a slice. */
const SLICE = { ...milliseconds, unit: 'ms of processor time', work: 'network', batch: 1, size: [512, 512], steps: 4 };
const CROPS = { ...SLICE, batch: 4, size: [256, 352], steps: 3 };
const segmenting = (suffix) => [
  {
    ...SLICE,
    kind: `inference${suffix}`,
    name: `segment network, 7×512×512${suffix}`,
    peers: [['book'], ['channels-last']],
  },
  {
    ...CROPS,
    kind: `compiled${suffix}`,
    name: `segment network, crops of 4×7×256×352${suffix}`,
    compiles: true,
    skipQuick: suffix !== '',
    // With AVX2 alone bf16 is slow, and what torch 2.11.0 compiles for channels-last ends in a protection fault.
    peers: suffix === '' ? [COMPILED, COMPILED_BF16] : [COMPILED.filter((name) => !name.includes('channels-last'))],
  },
];

/**
 * What is compared. `kind` selects the two programs, bench/KIND.mjs and bench/peers/KIND.py (or see KINDS), and `work`
 * what both run in each of `steps` steps. `ours` is our precision (default float32). Each list in `peers` gives one
 * comparison, with the fastest of its variants in this run. A quick run compiles one variant only where `compiles` is
 * set, and leaves out rows with `skipQuick`.
 */
export const ROWS = [
  ...[
    ['training step', 'step'],
    ['training loop with crop and augmentation', 'loop'],
  ].flatMap(([name, work]) => {
    const row = { ...training, work, steps: 12 };
    return [
      { ...row, name: `${name}, 16×7×64×64`, peers: [['book'], EAGER] },
      { ...row, name: `${name}, 16×7×64×64, bf16`, ours: 'bf16', peers: [EAGER_BF16] },
    ];
  }),
  { ...training, name: 'crop and augmentation alone, 16×7×64×64', work: 'crop', steps: 100, peers: [['book']] },
  {
    ...training,
    ...microseconds,
    name: 'training step, 1×7×16×16',
    work: 'step',
    batch: 1,
    size: 16,
    steps: 150,
    peers: [['float32']],
  },
  {
    ...training,
    ...milliseconds,
    name: 'inference on a whole slice, 7×512×512',
    work: 'slice',
    batch: 1,
    size: 512,
    steps: 2,
    peers: [EAGER],
  },
  ...segmenting(''),
  ...segmenting(' with AVX2'),
  { ...files, name: 'DICOM series, uncompressed, from folder to volume', work: 'dicom', steps: 2 },
  { ...files, name: 'MetaImage, .zraw, from file to volume', work: 'zraw', steps: 4, goal: 1.2 },
  { ...files, name: 'MetaImage, .raw, from file to volume', work: 'raw', steps: 8 },
  { ...files, name: 'ground truth of one scan, 128×512×512', work: 'truth', steps: 50, goal: 10 },
  { ...operators, name: 'operator add, 2×2', work: 'add' },
  { ...operators, name: 'operator add by ops.add, 2×2', work: 'ops.add' },
  { ...operators, name: 'operator add of a number, 2×2', work: 'add a number' },
  { ...operators, name: 'operator mm, 2×2', work: 'mm' },
  { ...operators, name: 'operator add_, 2×2', work: 'add_' },
  { ...operators, name: 'shape', work: 'shape', steps: 1_000_000 },
  { ...operators, name: 'operator add and the shape of its result', work: 'shape of a new tensor' },
  { ...operators, name: 'chain of 20 operators, 2×2', work: 'chain', steps: 1_000 },
];

const VARIANTS = {
  book: 'PyTorch eager float32, Adam as the book',
  float32: 'PyTorch eager float32, fused Adam',
  'channels-last': 'PyTorch eager float32 channels-last, fused Adam',
  bf16: 'PyTorch eager bf16 autocast, fused Adam',
  'bf16 channels-last': 'PyTorch eager bf16 autocast channels-last, fused Adam',
};

const FILE_PEERS = {
  dicom: 'SimpleITK, GetGDCMSeriesFileNames and ImageSeriesReader',
  zraw: 'SimpleITK, ReadImage',
  raw: 'SimpleITK, ReadImage',
  truth: "numpy, the book's rule over the whole scan",
};

/**
 * Names the peer of a result.
 *
 * @param {{kind: string, work: string}} row
 * @param {string} variant
 * @param {number} tried how many variants competed
 */
export function peerName({ kind, work }, variant, tried) {
  if (kind === 'operators') return 'PyTorch eager, called from Python';
  if (kind === 'files') return FILE_PEERS[work];
  if (work === 'network') {
    const name = variant === 'book' ? "PyTorch eager float32, the book's way" : `PyTorch ${variant}`;
    return tried > 1 ? `best compiled: ${name}` : name;
  }
  if (work === 'crop') return 'numpy crop, affine_grid and grid_sample';
  const name = work === 'slice' ? VARIANTS[variant].replace(', fused Adam', '') : VARIANTS[variant];
  return tried > 1 ? `best eager: ${name}` : name;
}
