import { createInferenceNet, mirrorAveraged } from '../../model/index.js';
import { type PointGrid, PointSearch, predictedScan } from '../../score/index.js';
import { type nn, scope } from '../../torch/index.js';
import { loadCheckpoint, saveCheckpoint } from '../run/checkpoint.js';
import type { Session } from '../session/session.js';
import { predictionParts, predictScan } from './validate.js';

/** Wide enough that crops of 8-bit values and whole scans find their own; a score is a share of the way from the threshold to 1. */
const grid = {
  thresholds: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  minimumVoxels: [1, 8, 16, 32, 48, 64, 96],
} satisfies PointGrid;

/**
 * Chooses the operating point of the kept model on the validation scans (`PointSearch.best`) and writes it into its file. It looks
 * at nothing but them. Gives false where a stop was asked for.
 */
export async function saveOperatingPoint(session: Session): Promise<boolean> {
  const { config, data, record, device, state, emit } = session;
  const { model, description, ...run } = loadCheckpoint(record.folder.best);
  const net = createInferenceNet(description.network, model).to(device) as nn.UNet;
  for (const tensor of model.values()) tensor.dispose();
  const parts = predictionParts(session, config.flips ? mirrorAveraged(net) : net, (scan, slices, of) =>
    emit({ type: 'validation-progress', epoch: state.epoch, scan, scans: data.validationScans, slices, of }),
  );
  const search = new PointSearch(grid);
  let scans = 0;
  for await (const scan of data.validation()) {
    const probabilities = predictScan(scan, ++scans, parts);
    if (probabilities === null) return false;
    search.add(predictedScan(scan, probabilities));
  }
  const { score, missed, nodules, ...point } = search.best(config.mostMissed);
  scope(() => saveCheckpoint(record.folder.best, { net, description: { ...description, ...point } }, run));
  net.dispose();
  emit({
    type: 'note',
    text:
      `Operating point of the kept model, chosen on ${scans} validation scans: probability above ${point.threshold}, ` +
      `at least ${point.minimumVoxels} voxels, mean probability of at least ${point.minimumScore.toFixed(2)}; ` +
      `there it misses ${missed} of ${nodules} nodules, with score ${score.toFixed(3)}.`,
  });
  return true;
}
