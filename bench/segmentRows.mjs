import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const COST = fileURLToPath(new URL('../scripts/figures/segment-cost.mjs', import.meta.url));
const PEER = fileURLToPath(new URL('peers/segment.py', import.meta.url));
/** Pixels that the book's network reads beyond a region, rounded to its pooling. */
const RADIUS = 24;
const LIMIT_MB = 1500;
const COMPILED = ['compiled channels-last', 'compiled bf16 channels-last'];

/**
 * Segmenting whole scans of 512 × 512 pixels on one thread, everything included: lung mask, network, candidates.
 * `phantom-hu` has the layers of the book's network.
 */
export const SEGMENT_ROWS = [
  { name: "segment a scan, 140×512×512, against the book's way", work: 'book', slices: 140, goal: 8 },
  {
    name: 'segment a scan, 140×512×512, against the compiled network on the same crop',
    work: 'crop',
    slices: 140,
    goal: 1,
    skipQuick: true,
  },
  { name: 'segment a scan, window model against slice model', work: 'windows', slices: 70, goal: 1 / 3 },
  { name: 'segment a scan, 140 slices against 70', work: 'linear', slices: 140, goal: 0.95 },
  { name: 'segment a scan, memory of 700×512×512', work: 'memory', slices: 700, goal: 1 },
];

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function cost(slices, model = 'phantom-hu') {
  const args = [COST, '--slices', String(slices), '--model', model];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env: oneThread }));
}
const oneThread = { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** Milliseconds of processor time per slice in PyTorch. */
function peerCost(python, variant, slices, [height, width] = [512, 512]) {
  const args = [PEER, variant, ...[slices, height, width].map(String)];
  return JSON.parse(execFileSync(python, args, { encoding: 'utf8', env: oneThread })).msPerSlice;
}

/**
 * Measures one row, alternating ours and the peer, each in its own process.
 *
 * @param {typeof SEGMENT_ROWS[number]} row
 * @param {string} python
 * @param {boolean} quick few slices, one round
 */
export function measureSegmenting({ name, work, slices, goal }, python, quick) {
  const rounds = quick || work === 'memory' ? 1 : 3;
  const many = quick ? 4 : slices;
  const result = (ours, peer, peerName, unit = 'ms of processor time') => ({
    name,
    unit,
    ours,
    peer,
    peerName,
    ratio: peer / ours,
    goal,
    rounds,
  });
  if (work === 'memory') return result(cost(many).aboveMB, LIMIT_MB, 'the limit', 'MB');
  const [ours, peers] = [[], []];
  const tried = new Map();
  for (let round = 0; round < rounds; round++) {
    const own = cost(many, work === 'windows' ? 'default' : 'phantom-hu');
    ours.push(own.msPerSlice);
    if (work === 'book') peers.push(peerCost(python, 'book', quick ? 1 : 4));
    else if (work === 'windows') peers.push(cost(many).msPerSlice);
    else if (work === 'linear') peers.push(cost(Math.ceil(many / 2)).msPerSlice);
    else {
      const crop = own.meanBox.map((length) => Math.min(4 * Math.floor((length + 2 * RADIUS) / 4), 512));
      for (const variant of COMPILED)
        tried.set(variant, [...(tried.get(variant) ?? []), peerCost(python, variant, 8, crop)]);
    }
  }
  if (work === 'book') return result(median(ours), median(peers), "PyTorch eager float32, the book's way");
  if (work === 'windows') return result(median(ours), median(peers), 'the slice model on the same scan');
  if (work === 'linear') return result(median(ours), median(peers), 'the same per slice with half the slices');
  const [best, times] = [...tried].reduce((a, b) => (median(b[1]) < median(a[1]) ? b : a));
  return result(median(ours), median(times), `best compiled: PyTorch ${best}, the network alone`);
}
