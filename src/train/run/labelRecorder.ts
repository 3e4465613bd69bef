import { labelsEvent, saveLostLabels } from '../../labels/index.js';
import type { TrainEvent } from '../events.js';
import type { TrainingData } from '../session/trainingData.js';
import { recordManifestLabels } from './manifest.js';
import type { RunFolder } from './runFolder.js';

/**
 * Returns a function that records what became of the labels of a run's scans, if more of them have been read since its
 * last call: in the manifest, as an event, and the lost ones in `lost-labels.csv`.
 */
export function labelRecorder(
  { folder, manifest }: Pick<RunFolder, 'folder' | 'manifest'>,
  data: Pick<TrainingData, 'labels'>,
  emit: (event: TrainEvent) => void,
): () => Promise<void> {
  let recorded = -1;
  return async () => {
    const account = data.labels('all');
    if (account.scans === recorded) return;
    recorded = account.scans;
    const list = await saveLostLabels(folder, account);
    recordManifestLabels(manifest, account);
    emit(labelsEvent(account, list));
  };
}
