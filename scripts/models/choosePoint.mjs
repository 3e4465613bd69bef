import { predictScan } from '../../dist/evaluate/predictScan.js';
import { noduleScores, PointSearch } from '../../dist/score/index.js';

const GRID = {
  thresholds: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  minimumVoxels: [1, 4, 8, 16, 32, 64],
  minimumScores: [0, 0.2, 0.4, 0.6, 0.8],
};

/**
 * The threshold, smallest component and lowest mean probability of the best `quality`, the score that chooses checkpoints, on scans that
 * validated; among equals the loosest. One scan's probabilities are held at a time.
 */
export async function choosePoint({ dataset, uids, net, description, onProgress }) {
  const { contextSlices, input, sizeMultiple, flips = false } = description;
  const model = { net, contextSlices, input, sizeMultiple, flips, device: 'cpu' };
  const search = new PointSearch(GRID);
  for (const [done, uid] of uids.entries()) {
    search.add(await predictScan(await dataset.load(uid), model));
    onProgress({ label: 'operating point', done: done + 1, total: uids.length });
  }
  const judged = search.scores().map(({ point, scores }) => ({ point, quality: noduleScores(scores).quality ?? 0 }));
  const { point, quality } = judged.reduce((best, one) => (one.quality > best.quality ? one : best));
  return { chosen: point, quality, tried: judged.length };
}
