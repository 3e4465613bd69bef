// Texture and pleural contact of phantom nodules, measured on their exact masks, against what they were made with: the
// tables of docs/reference/nodules.md.
import { connectedComponents, lungMask, worldToIndex } from '../../dist/ct/index.js';
import { measureNodules } from '../../dist/model/measure/measureNodules.js';
import { synthesize } from '../../dist/phantom/index.js';

const KINDS = ['solid', 'part-solid', 'ground-glass'];
const TEXTURES = ['solid', 'part-solid', 'non-solid'];
const ATTACHMENTS = ['juxtapleural', 'juxtavascular', 'isolated'];

const scans = Number(process.argv[2] ?? 40);
const measured = Array.from({ length: scans }, (_, n) => [
  ...onPhantom({ seed: 30_000 + n, level: 'hard', nodules: 8 }),
  ...onPhantom({ seed: 40_000 + n, level: 'standard', nodules: 8 }),
]).flat();

/** Measures the nodules of a phantom that are one component each. */
function onPhantom(options) {
  const { volume, mask, nodules } = synthesize(options);
  const { labels, components } = connectedComponents(mask, volume.shape, 26);
  const positions = components.map(({ voxels }) => new Int32Array(voxels));
  const next = components.map(() => 0);
  for (let at = 0; at < labels.length; at++) {
    const n = labels[at] - 1;
    if (n >= 0) positions[n][next[n]++] = at;
  }
  const regions = positions.map((own, n) => ({ number: n + 1, score: 1, positions: own }));
  return measureNodules(volume, regions, lungMask(volume)).flatMap((nodule) => {
    const truth = nodules.find(({ center, voxels }) => {
      const index = worldToIndex(volume, center);
      return (
        voxels === nodule.voxels && index.every((place, axis) => Math.abs(place - nodule.centerIndex[axis]) < 0.01)
      );
    });
    return truth === undefined ? [] : [{ ...nodule, truth }];
  });
}

function table(head, rows) {
  console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
  console.log();
}

const count = (list, key, value) => list.filter((nodule) => nodule[key] === value).length;

for (const [name, test] of [
  ['below 8 mm', (mm) => mm < 8],
  ['8 mm and above', (mm) => mm >= 8],
]) {
  const own = measured.filter(({ truth }) => test(truth.diameterMm));
  const groups = KINDS.flatMap((kind) =>
    [false, true].map((vessel) => [
      `${kind}${vessel ? ', at a vessel' : ''}`,
      own.filter(({ truth }) => truth.kind === kind && (truth.attachment === 'juxtavascular') === vessel),
    ]),
  );
  table(
    [`made, ${name}`, ...TEXTURES],
    groups.map(([group, list]) => [group, ...TEXTURES.map((texture) => count(list, 'texture', texture))]),
  );
}
table(
  ['made', 'touches', 'does not'],
  ATTACHMENTS.map((attachment) => {
    const list = measured.filter(({ truth }) => truth.attachment === attachment);
    return [attachment, count(list, 'touchesPleura', true), count(list, 'touchesPleura', false)];
  }),
);
