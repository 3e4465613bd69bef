// Segments a scan of 512 × 512 pixels and prints the highest resident memory and the time:
//   node scripts/figures/scan-memory.mjs [--slices 700] [--model phantom-hu]
// Memory counts from the loaded libtorch on, the scan itself included.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openModel, segmentScan } from '../../dist/model/index.js';
import { synthesize } from '../../dist/phantom/index.js';
import { fromData, setNumThreads } from '../../dist/torch/index.js';

const { values } = parseArgs({
  options: {
    slices: { type: 'string', default: '700' },
    model: { type: 'string', default: 'phantom-hu' },
    region: { type: 'string', default: 'lungs' },
  },
});
const slices = Number(values.slices);
const plane = 512 * 512;

/** Bytes of a field of /proc/self/status. */
const memory = (field) =>
  1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))[1]);

setNumThreads(1);
const { model, point, net } = openModel(values.model, 'cpu');
fromData(new Float32Array(4), [4]).add(1).dispose();
const loaded = memory('VmRSS');
// A few slices of a phantom, again and again, forwards and backwards so that neighbours resemble each other.
const part = synthesize({ seed: 7, size: [16, 512, 512], spacing: [0.7, 0.7, 16] }).volume;
const voxels = new Int16Array(slices * plane);
for (let slice = 0; slice < slices; slice++) {
  const from = slice % 30 < 15 ? slice % 30 : 30 - (slice % 30);
  voxels.set(part.voxels.subarray(from * plane, (from + 1) * plane), slice * plane);
}
const volume = { ...part, shape: [slices, 512, 512], spacing: [0.7, 0.7, 0.6], voxels };
// Drops the highest value so far, which the phantom reached.
writeFileSync('/proc/self/clear_refs', '5');
const start = performance.now();
const found = await segmentScan(volume, model, point, { region: values.region });
const seconds = (performance.now() - start) / 1000;
net.dispose();
console.log(
  JSON.stringify({
    slices,
    run: found.region.slices,
    region: found.region.kind,
    seconds: Number(seconds.toFixed(2)),
    secondsPerSlice: Number((seconds / slices).toFixed(4)),
    loadedMb: Math.round(loaded / 1e6),
    aboveMb: Math.round((memory('VmHWM') - loaded) / 1e6),
    candidates: found.candidates,
    nodules: found.regions.length,
  }),
);
