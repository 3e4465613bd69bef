// Measurements on phantoms by rules and models that never trained on them. scripts/figures/phantoms.mjs prints them,
// tests check them.
import { worldToIndex } from '../../dist/ct/index.js';
import { scanProbabilities } from '../../dist/model/scanProbabilities.js';
import { synthesize } from '../../dist/phantom/index.js';
import { baselineCandidates, bookCandidates, hits, scoreScan } from '../../dist/score/index.js';

/** Grid of a thin-sliced LUNA16 scan: the book's models were trained at this pixel size. */
export const CLINICAL_GRID = { size: [128, 512, 512], spacing: [0.65, 0.65, 1.2] };

const trueNodules = ({ volume, nodules }) =>
  nodules.map(({ center, diameterMm }) => ({ centerIRC: worldToIndex(volume, center), diameterMm }));

/** Threshold candidates in `scans` phantoms with seeds from `seed` on, as input of `baselineAt`. */
export function thresholdOnPhantoms({ scans, seed, ...phantom }, onScan = () => {}) {
  return Array.from({ length: scans }, (_, n) => {
    const made = synthesize({ seed: seed + n, ...phantom });
    const seen = baselineCandidates(made.volume, trueNodules(made));
    onScan(n + 1);
    return seen;
  });
}

/**
 * Runs the book's model on one phantom and groups its output as the book does.
 * @returns the number of candidates, and for each nodule whether the centre of one is within its radius (LUNA16's rule)
 *   and the Dice of the voxels above one half: `diceNear` within one diameter of its centre, `diceWhole` of all
 *   26-connected components that touch it
 */
export async function bookOnPhantom(model, options, onSlices) {
  const phantom = synthesize(options);
  const { volume, mask: truth } = phantom;
  const probabilities = await scanProbabilities(volume, model, { region: 'all', onProgress: onSlices });
  const mask = Uint8Array.from(probabilities, (probability) => (probability > 0.5 ? 1 : 0));
  const { components: candidates } = bookCandidates(volume, probabilities, 0.5);
  const nodules = trueNodules(phantom);
  const scored = scoreScan({ prediction: mask, truth, shape: volume.shape, spacing: volume.spacing, nodules });
  return {
    candidates: candidates.length,
    nodules: phantom.nodules.map(({ kind, attachment, diameterMm }, n) => ({
      kind,
      attachment,
      diameterMm,
      found: candidates.some((candidate) => hits(candidate, nodules[n], volume.spacing)),
      diceNear: diceNear(volume, truth, mask, nodules[n]),
      diceWhole: scored.nodules[n].dice,
    })),
  };
}

function diceNear({ shape, spacing }, truth, mask, { centerIRC, diameterMm }) {
  const [, rows, columns] = shape;
  const [x, y, z] = spacing;
  let shared = 0;
  let both = 0;
  for (let at = 0; at < truth.length; at++) {
    if (truth[at] + mask[at] === 0) continue;
    const line = Math.floor(at / columns);
    const offset = [
      (Math.floor(line / rows) - centerIRC[0]) * z,
      ((line % rows) - centerIRC[1]) * y,
      ((at % columns) - centerIRC[2]) * x,
    ];
    if (Math.hypot(...offset) > diameterMm) continue;
    shared += truth[at] & mask[at];
    both += truth[at] + mask[at];
  }
  return both === 0 ? 0 : (2 * shared) / both;
}
