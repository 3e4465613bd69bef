// npm run release:pack -- --out DIR: creates the two tarballs for publication. Fails if a release check finds a fault.
//   --out DIR        folder for the tarballs
//   --package-only   skip libtorch's package, which changes only with libtorch's version
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installLibtorch } from '../../src/runtime/libtorch/installLibtorch.js';
import { progressBar } from '../../src/runtime/progressBar.js';
import { runCommand } from '../../src/runtime/runCommand.js';
import { job, setScript } from '../setup/status.mjs';
import { root, say } from '../setup/steps.mjs';
import { libtorchFaults } from './libtorchContents.mjs';
import { packageFaults } from './packageContents.mjs';
import { stageLibtorch } from './stageLibtorch.mjs';
import { stagePackage } from './stagePackage.mjs';

setScript('release:pack');

class ReleaseFault extends Error {}

/** Largest size of each tarball in bytes. A larger one contains something that does not belong in it. */
const MOST_BYTES = { 'nodule-train': 3e6, 'nodule-train-libtorch-cpu-linux-x64': 130e6 };

const options = { out: { type: 'string' }, 'package-only': { type: 'boolean', default: false } };

const readOptions = () => {
  try {
    const { values } = parseArgs({ options });
    if (values.out === undefined) throw new Error('--out DIR is missing');
    return values;
  } catch (error) {
    say(`release:pack: ${error.message}. Usage: npm run release:pack -- --out DIR [--package-only]`);
    process.exit(2);
  }
};

const gate = (name, faults) => {
  if (faults.length === 0) return;
  throw new ReleaseFault(`release:pack: ${name} is not ready for release:\n${faults.map((f) => `  ${f}`).join('\n')}`);
};

/** Packs a staged folder, without running any package scripts. */
const pack = (folder, out) => {
  const { name } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return job(`packing ${name}`, async (detail) => {
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', out];
    const { code, output } = await runCommand('npm', args, { cwd: folder, onLine: detail });
    if (code !== 0) throw new ReleaseFault(`release:pack: npm pack of ${name} failed: ${output.trim()}`);
    const [packed] = Object.values(JSON.parse(output.slice(output.search(/^[[{]/m))));
    const file = path.join(out, packed.filename);
    const bytes = fs.statSync(file).size;
    if (bytes > MOST_BYTES[name])
      throw new ReleaseFault(`release:pack: ${file} has ${bytes} bytes, expected at most ${MOST_BYTES[name]}`);
    const sha256 = createHash('sha256').update(fs.readFileSync(file)).digest('hex');
    return { file, bytes, unpacked: packed.unpackedSize, files: packed.entryCount, sha256 };
  });
};

const { out: given, 'package-only': packageOnly } = readOptions();
const out = path.resolve(given);
fs.mkdirSync(out, { recursive: true });
fs.mkdirSync(path.join(root, 'build'), { recursive: true });
const staging = fs.mkdtempSync(path.join(root, 'build', 'release-'));
try {
  const folder = path.join(staging, 'nodule-train');
  await job('prebuilding', () => stagePackage(folder));
  gate('nodule-train', packageFaults(folder));
  const tarballs = [await pack(folder, out)];
  if (!packageOnly) {
    const libtorch = await job('libtorch', (detail) =>
      installLibtorch({ kind: 'cpu', onProgress: ({ phase, ...bytes }) => detail(`${phase} ${progressBar(bytes)}`) }),
    );
    const staged = path.join(staging, 'libtorch');
    stageLibtorch(staged, path.dirname(libtorch.root));
    gate("libtorch's package", libtorchFaults(staged));
    tarballs.push(await pack(staged, out));
  }
  console.log(JSON.stringify(tarballs, null, 2));
} catch (error) {
  if (!(error instanceof ReleaseFault) && error.name !== 'NoduleTrainError') throw error;
  say(error.message);
  process.exitCode = 1;
} finally {
  fs.rmSync(staging, { recursive: true, force: true });
}
