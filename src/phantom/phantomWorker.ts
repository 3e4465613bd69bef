import { parentPort } from 'node:worker_threads';
import { writeMask, writeVolume } from '../ct/index.js';
import { NoduleTrainError } from '../runtime/error.js';
import { synthesize } from './synthesize.js';
import type { PhantomJob, PhantomReply } from './writePhantoms.js';

async function make({ scan, mask, phantom }: PhantomJob): Promise<PhantomReply> {
  const { volume, mask: voxels, nodules } = synthesize(phantom);
  const { shape, spacing, origin, direction, uid } = volume;
  await writeVolume(scan, volume, { compress: true });
  await writeMask(mask, { voxels, shape, spacing, origin, direction, uid }, { compress: true });
  return { nodules };
}

parentPort!.on('message', async (job: PhantomJob) => {
  const reply = await make(job).catch((error: unknown): PhantomReply => {
    const code = error instanceof NoduleTrainError ? error.code : 'phantom-write';
    return { error: { code, message: error instanceof Error ? error.message : String(error) } };
  });
  parentPort!.postMessage(reply);
});
