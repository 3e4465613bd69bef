import type { WorldLPS } from '../../ct/index.js';
import { createSampler, type LabelledScan, type Sampler, type SamplerOptions } from '../../data/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Device } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { samplerOptions } from '../parts/samplerOptions.js';
import { loadUserFunction } from './userModule.js';

/**
 * Makes a sampler of the user's own, as `createSampler` of this package does, around which it may be built.
 *
 * @param scans the training scans; each is read when its turn comes, so none should be kept
 * @param hardPoints what `hardPoints` names, by series
 * @returns an object with all of the interface `Sampler`; its draws must depend on seed, epoch and position alone
 */
export type UserSampler = (
  scans: AsyncIterable<LabelledScan>,
  options: SamplerOptions,
  device: Device,
  hardPoints?: ReadonlyMap<string, readonly WorldLPS[]>,
) => Sampler | Promise<Sampler>;

const methods = ['startEpoch', 'next', 'sources', 'state', 'restore', 'dispose'] as const;

/** @throws NoduleTrainError `user-module`, and what making the sampler throws */
export async function loadSampler(
  config: TrainConfig,
  scans: AsyncIterable<LabelledScan>,
  device: Device,
  hardPoints: ReadonlyMap<string, readonly WorldLPS[]> | undefined,
): Promise<Sampler> {
  const { samplerModule } = config;
  const options = samplerOptions(config);
  if (samplerModule === undefined) return createSampler(scans, options, device, hardPoints);
  const make = await loadUserFunction<UserSampler>('samplerModule', samplerModule);
  const sampler = await make(scans, options, device, hardPoints);
  const faults = samplerFaults(sampler as unknown, config.batch);
  if (faults.length === 0) return sampler;
  throw new NoduleTrainError(
    'user-module',
    `making the sampler ${samplerModule}: ${faults.join('; ')}; wanted is an object with all of the interface Sampler (docs/guide/custom-modules.md)`,
  );
}

function samplerFaults(given: unknown, batch: number): string[] {
  if (typeof given !== 'object' || given === null) return [`it is ${given === null ? 'null' : typeof given}`];
  const sampler = given as Record<string, unknown>;
  const faults = methods.filter((name) => typeof sampler[name] !== 'function').map((name) => `it has no ${name}()`);
  if (sampler.batch !== batch) faults.push(`its batch is ${sampler.batch}, this run's is ${batch}`);
  const { batchesPerEpoch } = sampler;
  if (!Number.isSafeInteger(batchesPerEpoch) || (batchesPerEpoch as number) < 1)
    faults.push(`its batchesPerEpoch is ${batchesPerEpoch}`);
  if (sampler.intensity !== 'hu' && sampler.intensity !== 'arbitrary')
    faults.push(`its intensity is ${sampler.intensity}, hu or arbitrary is wanted`);
  return faults;
}
