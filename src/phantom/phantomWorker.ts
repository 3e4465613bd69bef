import { parentPort } from 'node:worker_threads';
import { writeMask, writeVolume } from '../ct/index.js';
import { answerJobs } from '../runtime/index.js';
import { type PhantomNodule, synthesize } from './synthesize.js';
import type { PhantomJob } from './writePhantoms.js';

/** Makes one phantom and writes its scan and mask. */
async function make({ scan, mask, phantom }: PhantomJob): Promise<PhantomNodule[]> {
  const { volume, mask: voxels, nodules } = synthesize(phantom);
  const { shape, spacing, origin, direction, uid } = volume;
  await writeVolume(scan, volume, { compress: true });
  await writeMask(mask, { voxels, shape, spacing, origin, direction, uid }, { compress: true });
  return nodules;
}

answerJobs(parentPort!, make, 'phantom-write');
