import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { LabelAccount } from '../../labels/index.js';
import {
  addonFiles,
  fileHashSync,
  kernelVariables,
  LIBTORCH_VERSION,
  loadRuntime,
  PACKAGE_VERSION,
  packageRoot,
  replaceJsonSync,
} from '../../runtime/index.js';
import { cpuCapability, getNumThreads } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import type { TrainingData } from '../session/trainingData.js';
import type { InputFiles } from './inputFiles.js';

/** Writes the manifest of a run: everything that its results depend on, and its command line. */
export function writeManifest(
  path: string,
  config: TrainConfig,
  device: string,
  data: TrainingData,
  files: InputFiles,
): void {
  const { libtorch } = loadRuntime();
  replaceJsonSync(path, {
    versions: { 'nodule-train': PACKAGE_VERSION, libtorch: LIBTORCH_VERSION, node: process.version },
    commit: commit(),
    build: {
      addon: fileHashSync(addonFiles().main).sha256,
      libtorch: fileHashSync(join(libtorch.lib, 'libtorch_cpu.so')).sha256,
    },
    device,
    threads: getNumThreads(),
    cpuCapability: cpuCapability(),
    cpu: { model: cpus()[0]?.model ?? 'unknown', flags: cpuFlags() },
    variables: kernelVariables(),
    seed: config.seed,
    generator: 'philox4x32-10',
    command: command(),
    data: data.hashes,
    files,
    labels: null,
  });
}

/** Records what became of the labels in a manifest; `lost-labels.csv` lists the cases. */
export function recordManifestLabels(path: string, { cases: _, ...counts }: LabelAccount): void {
  replaceJsonSync(path, { ...JSON.parse(readFileSync(path, 'utf8')), labels: counts });
}

/** Returns the command line without paths, because folders are often named after patients. */
const command = (): string[] =>
  process.argv.slice(2).map((argument) => (/[/\\]/.test(argument) || existsSync(argument) ? 'PATH' : argument));

/**
 * Returns the CPU features by which libtorch and oneDNN choose their kernels; null if the system does not report them.
 */
function cpuFlags(): string[] | null {
  try {
    const flags =
      readFileSync('/proc/cpuinfo', 'latin1')
        .match(/^flags\s*: (.*)$/m)?.[1]
        ?.split(' ') ?? [];
    return flags.filter((flag) => /^(sse4|avx|fma|f16c|amx|vnni)/.test(flag)).sort();
  } catch {
    return null;
  }
}

/** Returns the commit of this checkout, with a plus if files are changed; null for an installed package. */
function commit(): string | null {
  const git = (...args: string[]) => spawnSync('git', ['-C', packageRoot, ...args], { encoding: 'utf8' });
  const top = git('rev-parse', '--show-toplevel', 'HEAD');
  const [root, head] = top.status === 0 ? top.stdout.trim().split('\n') : [];
  if (head === undefined || root !== packageRoot) return null;
  return git('status', '--porcelain', '--untracked-files=no').stdout === '' ? head : `${head}+`;
}
