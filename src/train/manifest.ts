import { readFileSync } from 'node:fs';
import { LIBTORCH_VERSION } from '../runtime/versions.js';
import { cpuCapability, getNumThreads } from '../torch/index.js';
import type { TrainConfig } from './config.js';
import { writeJson } from './runConfig.js';
import type { TrainingData } from './trainingData.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Writes down what a run was made with. */
export function writeManifest(path: string, config: TrainConfig, device: string, data: TrainingData): void {
  writeJson(path, {
    versions: { 'nodule-train': version, libtorch: LIBTORCH_VERSION, node: process.version },
    device,
    threads: getNumThreads(),
    cpuCapability: cpuCapability(),
    seed: config.seed,
    generator: 'philox4x32-10',
    data: { folder: config.data, ...data.hashes },
  });
}
