import type { WorldLPS } from '../../ct/index.js';
import { createSampler, type LabelledScan, type Sampler, type SamplerOptions } from '../../data/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { Device } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { samplerOptions } from '../parts/samplerOptions.js';
import { loadUserFunction } from './userModule.js';

/**
 * Creates a custom sampler. It can wrap the one that this package's `createSampler` returns.
 *
 * @param scans the training scans. Each is read when it is needed, so keep none of them
 * @param hardPoints points of the file `hardPoints`, by series
 * @returns a complete `Sampler`. Its random choices must depend on seed, epoch and position alone
 */
export type UserSampler = (
  scans: AsyncIterable<LabelledScan>,
  options: SamplerOptions,
  device: Device,
  hardPoints?: ReadonlyMap<string, readonly WorldLPS[]>,
) => Sampler | Promise<Sampler>;

const METHODS = ['startEpoch', 'next', 'sources', 'state', 'restore', 'dispose'] as const;

/**
 * Creates the sampler of a run: the built-in one, or that of `samplerModule`.
 * @throws NoduleTrainError `user-module`, and what creating the sampler throws
 */
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
    `creating the sampler ${samplerModule}: ${faults.join('; ')}. ` +
      'Return an object with the whole interface Sampler (docs/guide/custom-modules.md).',
  );
}

function samplerFaults(given: unknown, batch: number): string[] {
  if (typeof given !== 'object' || given === null)
    return [`found ${given === null ? 'null' : typeof given}, expected an object`];
  const sampler = given as Record<string, unknown>;
  const faults = METHODS.filter((name) => typeof sampler[name] !== 'function').map((name) => `found no ${name}()`);
  if (sampler.batch !== batch) faults.push(`found batch ${sampler.batch}, expected ${batch}`);
  const { batchesPerEpoch } = sampler;
  if (!Number.isSafeInteger(batchesPerEpoch) || (batchesPerEpoch as number) < 1)
    faults.push(`found batchesPerEpoch ${batchesPerEpoch}, expected a positive integer`);
  if (sampler.intensity !== 'hu' && sampler.intensity !== 'arbitrary')
    faults.push(`found intensity ${sampler.intensity}, expected hu or arbitrary`);
  return faults;
}
