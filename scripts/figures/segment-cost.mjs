// Segments a scan of 512 × 512 pixels on one thread and prints its time and the highest resident memory:
//   node scripts/figures/segment-cost.mjs [--slices 700] [--model phantom-hu] [--region lungs]
// Memory counts from the loaded libtorch on, the scan itself included (Linux).
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chooseScanRegion, openModel, segmentScan } from '../../dist/model/index.js';
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
const processorSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

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
const start = processorSeconds();
const found = await segmentScan(volume, model, point, { region: values.region });
const seconds = processorSeconds() - start;
const peak = memory('VmHWM');
net.dispose();
const boxes = chooseScanRegion(volume, values.region).boxes.filter((box) => box !== null);
console.log(
  JSON.stringify({
    slices,
    region: found.region.kind,
    meanBox: [mean(boxes.map(({ height }) => height)), mean(boxes.map(({ width }) => width))].map(Math.round),
    processorSeconds: Number(seconds.toFixed(3)),
    msPerSlice: Number(((1000 * seconds) / slices).toFixed(2)),
    loadedMB: Math.round(loaded / 1e6),
    aboveMB: Math.round((peak - loaded) / 1e6),
    candidates: found.candidates,
    nodules: found.regions.length,
  }),
);
