// False alarms and hits of the label audit, on phantoms: without faults (exact masks, box rule) and with one planted
// fault of each kind in one nodule of each phantom.
//   node scripts/figures/audit.mjs [--seeds 1-20] [--grid small|standard] [--verbose]
import { parseArgs } from 'node:util';
import { auditChecks, auditScan } from '../../dist/labels/index.js';
import { synthesize } from '../../dist/phantom/index.js';
import { cleanScan, plants } from '../../test/support/plantedFaults.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-20' },
    grid: { type: 'string', default: 'small' },
    verbose: { type: 'boolean' },
  },
});
const [first, last] = values.seeds.split('-').map(Number);
const grids = {
  small: { size: [48, 128, 128], spacing: [2.6, 2.6, 3.2] },
  standard: {},
};
const levels = ['easy', 'standard', 'hard'];
const clean = { exact: [], box: [] };
const planted = Object.fromEntries(Object.keys(plants).map((kind) => [kind, { found: 0, tried: 0, alone: 0 }]));
let [scans, nodules] = [0, 0];
for (let seed = first; seed <= last; seed++) {
  const phantom = synthesize({ seed, level: levels[seed % 3], ...grids[values.grid] });
  scans++;
  nodules += phantom.nodules.length;
  for (const by of ['exact', 'box']) {
    for (const flag of auditScan(cleanScan(phantom, by)).audit.flags) {
      clean[by].push(flag);
      if (values.verbose) console.error(`seed ${seed}, ${by}: ${flag.check}, nodule ${flag.nodule}: ${flag.message}`);
    }
  }
  const at = seed % phantom.nodules.length;
  for (const [kind, plant] of Object.entries(plants)) {
    const { flags } = auditScan(plant(phantom, at)).audit;
    const tally = planted[kind];
    tally.tried++;
    if (flags.some(({ check }) => check === kind)) tally.found++;
    else if (values.verbose) {
      const { kind: how, attachment, diameterMm } = phantom.nodules[at];
      const nodule = `${how}, ${attachment}, ${diameterMm.toFixed(1)} mm`;
      console.error(`seed ${seed}: ${kind} missed, ${nodule}; ${flags.map(({ message }) => message).join(' ')}`);
    }
    if (new Set(flags.map(({ check }) => check)).size <= 1) tally.alone++;
  }
}
const alarms = `${clean.exact.length} with exact masks, ${clean.box.length} with the box rule`;
console.log(`${scans} phantoms, ${nodules} nodules; false alarms: ${alarms}\n`);
console.log('| check | planted | found | false alarms, exact | false alarms, box |');
console.log('| --- | --- | --- | --- | --- |');
for (const check of Object.keys(auditChecks)) {
  const wrong = (by) => clean[by].filter((flag) => flag.check === check).length;
  console.log(`| ${check} | ${planted[check].tried} | ${planted[check].found} | ${wrong('exact')} | ${wrong('box')} |`);
}
