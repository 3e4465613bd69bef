import { createInferenceNet, mirrorAveraged } from '../../model/index.js';
import { type PointGrid, PointSearch, predictedScan } from '../../score/index.js';
import { type nn, scope } from '../../torch/index.js';
import { loadCheckpoint, saveCheckpoint } from '../run/checkpoint.js';
import type { Session } from '../session/session.js';
import { predictForValidation, predictionParts } from './validate.js';

/**
 * Points to try: a range wide enough for whole scans and for crops of 8-bit values. `PointSearch` adds the lowest
 * scores.
 */
const GRID = {
  thresholds: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  minimumVoxels: [1, 8, 16, 32, 48, 64, 96],
} satisfies PointGrid;

/**
 * Chooses the operating point of the best model on the validation scans alone (`PointSearch.best`) and saves it in the
 * model's file.
 * @returns false if a stop was requested, and then nothing is saved
 */
export async function saveOperatingPoint(session: Session): Promise<boolean> {
  const { config, data, record, device, state, emit } = session;
  const { model, description, ...run } = loadCheckpoint(record.folder.best);
  const net = createInferenceNet(description.network, model).to(device) as nn.UNet;
  for (const tensor of model.values()) tensor.dispose();
  const parts = predictionParts(session, config.flips ? mirrorAveraged(net) : net, (scan, slices, of) =>
    emit({ type: 'validation-progress', epoch: state.epoch, scan, scans: data.validationScans, slices, of }),
  );
  const search = new PointSearch(GRID);
  let scans = 0;
  for await (const scan of data.validation()) {
    const probabilities = predictForValidation(scan, ++scans, parts);
    if (probabilities === null) return false;
    search.add(predictedScan(scan, probabilities));
  }
  const { score, missed, nodules, ...point } = search.best(config.mostMissed);
  scope(() => saveCheckpoint(record.folder.best, { net, description: { ...description, ...point } }, run));
  net.dispose();
  emit({
    type: 'note',
    text:
      `Operating point of the saved model, chosen on ${scans} validation scans: ` +
      `probability above ${point.threshold}, at least ${point.minimumVoxels} voxels, ` +
      `mean probability of at least ${point.minimumScore.toFixed(2)}. ` +
      `At this point it misses ${missed} of ${nodules} nodules and has score ${score.toFixed(3)}.`,
  });
  return true;
}
