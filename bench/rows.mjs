/**
 * What is compared. `work` is what both sides run, `ours` our precision (float32), `peers` those tried (the fastest in this run counts),
 * `rate` turns seconds per step into the row's unit, `better` says in which direction the unit counts.
 */
const crops = { unit: 'crops/s', better: 'higher', rate: (seconds, batch) => batch / seconds };
const operator = {
  operator: true,
  unit: 'µs of processor time',
  better: 'lower',
  rate: (seconds) => seconds * 1e6,
  peers: [['eager']],
};
const EAGER = ['float32', 'channels-last'];
const EAGER_BF16 = ['bf16', 'bf16 channels-last'];

export const ROWS = [
  ...[
    ['training step', 'step'],
    ['training loop with crop and augmentation', 'loop'],
  ].flatMap(([name, work]) => {
    const row = { work, batch: 16, size: 64, steps: 12, ...crops };
    return [
      { name: `${name}, 16×7×64×64`, ...row, peers: [['book'], EAGER] },
      { name: `${name}, 16×7×64×64, bf16`, ours: 'bf16', ...row, peers: [EAGER_BF16] },
    ];
  }),
  {
    name: 'crop and augmentation alone, 16×7×64×64',
    work: 'crop',
    batch: 16,
    size: 64,
    steps: 100,
    ...crops,
    peers: [['book']],
  },
  {
    name: 'training step, 1×7×16×16',
    work: 'step',
    batch: 1,
    size: 16,
    steps: 150,
    unit: 'µs',
    better: 'lower',
    rate: (seconds) => seconds * 1e6,
    peers: [['float32']],
  },
  {
    name: 'inference on a whole slice, 7×512×512',
    work: 'slice',
    batch: 1,
    size: 512,
    steps: 2,
    unit: 'ms',
    better: 'lower',
    rate: (seconds) => seconds * 1e3,
    peers: [EAGER],
  },
  {
    name: 'DICOM series, uncompressed, from folder to volume',
    work: 'dicom',
    files: true,
    steps: 2,
    unit: 'ms',
    better: 'lower',
    rate: (seconds) => seconds * 1e3,
    peers: [['SimpleITK']],
  },
  ...[
    ['.zraw', 'zraw', 4, 1.2],
    ['.raw', 'raw', 8, 1],
  ].map(([ending, work, steps, goal]) => ({
    name: `MetaImage, ${ending}, from file to volume`,
    work,
    files: true,
    steps,
    goal,
    unit: 'ms',
    better: 'lower',
    rate: (seconds) => seconds * 1e3,
    peers: [['SimpleITK']],
  })),
  {
    name: 'ground truth of one scan, 128×512×512',
    work: 'truth',
    files: true,
    steps: 50,
    goal: 10,
    unit: 'ms',
    better: 'lower',
    rate: (seconds) => seconds * 1e3,
    peers: [['SimpleITK']],
  },
  { name: 'operator add, 2×2', work: 'add', steps: 20_000, ...operator },
  { name: 'operator add by ops.add, 2×2', work: 'ops.add', steps: 20_000, ...operator },
  { name: 'operator add of a number, 2×2', work: 'add a number', steps: 20_000, ...operator },
  { name: 'operator mm, 2×2', work: 'mm', steps: 20_000, ...operator },
  { name: 'operator add_, 2×2', work: 'add_', steps: 20_000, ...operator },
  { name: 'shape', work: 'shape', steps: 1_000_000, ...operator },
  { name: 'operator add and the shape of its result', work: 'shape of a new tensor', steps: 20_000, ...operator },
  { name: 'chain of 20 operators, 2×2', work: 'chain', steps: 1_000, ...operator },
];

const NAMES = {
  book: 'PyTorch eager float32, Adam as the book',
  float32: 'PyTorch eager float32, fused Adam',
  'channels-last': 'PyTorch eager float32 channels-last, fused Adam',
  bf16: 'PyTorch eager bf16 autocast, fused Adam',
  'bf16 channels-last': 'PyTorch eager bf16 autocast channels-last, fused Adam',
};

/** @param {{work: string}} row @param {string} variant @param {number} tried how many variants competed */
export function peerName(row, variant, tried) {
  if (row.operator) return 'PyTorch eager, called from Python';
  if (row.work === 'dicom') return 'SimpleITK, GetGDCMSeriesFileNames and ImageSeriesReader';
  if (row.work === 'zraw' || row.work === 'raw') return 'SimpleITK, ReadImage';
  if (row.work === 'truth') return "numpy, the book's rule over the whole scan";
  if (row.work === 'crop') return 'numpy crop, affine_grid and grid_sample';
  const name = row.work === 'slice' ? NAMES[variant].replace(', fused Adam', '') : NAMES[variant];
  return tried > 1 ? `best eager: ${name}` : name;
}
