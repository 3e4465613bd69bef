// Makes a model that comes with the package: models/NAME/model.safetensors, README.md (its card) and figures.json, all from one run.
//   node scripts/make-models.mjs default --data ../shared/data/lidc-nodules --recipe recipes/lidc-nodules.yaml
//   node scripts/make-models.mjs phantom-hu
//   --recipe FILE    fields of `train`, in YAML; default recipes/NAME.yaml
//   --data DIR       default: crops to train on; phantom-hu makes its phantoms itself
//   --leave-out P,P  patients in neither part; default those of the scans that are scored
//   --folds N --fold I   fold I validates (default 0 of 5): it chooses checkpoint and operating point
//   --scans DIR      whole scans to score at the end, with readers' votes (default ../shared/data/luna16); --no-scans leaves that out
//   --work DIR       where phantoms and run stay (default runs/models/NAME); a run that is there is gone on with
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { openOutput } from '../dist/cli/output.js';
import { followTraining } from '../dist/cli/train.js';
import { openDataset, splitOfFold, writeSplit } from '../dist/data/index.js';
import { prepare } from '../dist/data/prepare.js';
import { evaluate } from '../dist/evaluate/evaluate.js';
import { modelNames } from '../dist/evaluate/namedModel.js';
import { writePhantoms } from '../dist/phantom/index.js';
import { loadModel } from '../dist/train/checkpoint.js';
import { resolveTrainConfig } from '../dist/train/config.js';
import { saveModel } from '../dist/train/modelFile.js';
import { mergeFields, readRecipe } from '../dist/train/recipe.js';
import { recordedConfig } from '../dist/train/runConfig.js';
import { runFolder } from '../dist/train/runFolder.js';
import { modelCard } from './models/card.mjs';
import { choosePoint } from './models/choosePoint.mjs';
import { root, say } from './steps.mjs';

/** The model comes with every installation. */
const MOST_BYTES = 1e6;

/** Patients of LIDC-IDRI whose scans are scored, or who were looked at while the code was written. */
const KNOWN_PATIENTS = 'LIDC-IDRI-0001,LIDC-IDRI-0002,LIDC-IDRI-0003';

const PHANTOMS = { level: 'standard', train: { count: 40, seed: 41_000 }, test: { count: 16, seed: 42_000 } };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    recipe: { type: 'string' },
    data: { type: 'string' },
    'leave-out': { type: 'string', default: KNOWN_PATIENTS },
    folds: { type: 'string', default: '5' },
    fold: { type: 'string', default: '0' },
    scans: { type: 'string', default: '../shared/data/luna16' },
    'no-scans': { type: 'boolean', default: false },
    work: { type: 'string' },
    out: { type: 'string', default: 'models' },
  },
});
const [name] = positionals;
const fail = (text) => {
  say(`make-models: ${text}`);
  process.exit(2);
};
if (!modelNames.includes(name) || positionals.length > 1)
  fail(`which model? One of ${modelNames.join(', ')} is wanted`);
const onCrops = name === 'default';
if (onCrops && values.data === undefined) fail('--data DIR is missing: the nnU-Net raw folder of 8-bit crops');
const recipe = values.recipe ?? path.join('recipes', `${name}.yaml`);
const work = values.work ?? path.join('runs', 'models', name);
if (!values['no-scans'] && !fs.existsSync(values.scans))
  fail(`there is no ${values.scans} to score at the end; give --scans DIR, or --no-scans to make the card without it`);

const output = openOutput(false);
const stage = (text) => output.print(`make-models ${name}: ${text}`);
const onProgress = (progress) =>
  output.progress.show({ ...progress, done: Math.round(10 * progress.done) / 10, unit: 'scans' });
fs.mkdirSync(work, { recursive: true });

const phantoms = async (part) => {
  const [dir, store] = [path.join(work, part), path.join(work, `${part}-store`)];
  if (fs.existsSync(path.join(store, 'store.json'))) return store;
  const { count, seed } = PHANTOMS[part];
  await writePhantoms(dir, { level: PHANTOMS.level, count, seed }, (done) =>
    onProgress({ label: dir, done, total: count }),
  );
  await prepare({ data: dir, out: store }, ({ done, scans }) => onProgress({ label: store, done, total: scans }));
  return store;
};

stage(onCrops ? `data ${values.data}` : 'phantoms');
const data = onCrops ? values.data : await phantoms('train');
const dataset = await openDataset(data);
const leftOut = new Set(onCrops ? values['leave-out'].split(',').filter((patient) => patient !== '') : []);
const split = path.join(work, 'split.json');
const drawn = splitOfFold(dataset, { fold: Number(values.fold), folds: Number(values.folds) });
const stays = new Set(dataset.scans.filter(({ patient }) => !leftOut.has(patient)).map(({ uid }) => uid));
const kept = (uids) => uids.filter((uid) => stays.has(uid));
await writeSplit(split, { ...drawn, train: kept(drawn.train), validation: kept(drawn.validation) });

const run = runFolder(path.join(work, 'run'));
const { folds: _, fold: __, ...fields } = readRecipe(recipe);
const config = resolveTrainConfig(mergeFields(fields, { data, out: run.folder, split }));
if (fs.existsSync(run.config)) {
  if (
    !isDeepStrictEqual(
      JSON.parse(JSON.stringify(config)),
      JSON.parse(JSON.stringify(recordedConfig(run, 'going on with'))),
    )
  )
    fail(`${run.folder} was trained by another recipe; remove it, or give another folder with --work`);
  stage(`going on with ${run.folder}`);
} else stage(`training by ${recipe}`);
const end = await followTraining(fs.existsSync(run.config) ? { resume: run.folder } : { config }, false);
if (end.status !== 'finished') process.exit(process.exitCode ?? 1);
if (end.bestEpoch === null) fail(`no epoch of ${run.folder} scored above 0: there is no model to hand on`);

const { net, description } = loadModel(run.best);
stage('choosing the operating point on the scans that validated');
const validated = kept(drawn.validation);
const point = await choosePoint({ dataset, uids: validated, net, description, onProgress });
output.progress.clear();

const folder = path.join(values.out, name);
fs.mkdirSync(folder, { recursive: true });
const file = path.join(folder, 'model.safetensors');
saveModel(file, net, {
  ...description,
  ...point.chosen,
  spacing: onCrops ? 'native, not recorded' : '1.3 x 1.3 x 2.4 mm',
});
const { size } = fs.statSync(file);
if (size >= MOST_BYTES) fail(`${file} has ${size} bytes, wanted are less than ${MOST_BYTES}: take a smaller network`);

const score = (label, options) => {
  stage(`scoring ${label}`);
  return evaluate({ ...options, model: file, device: config.device, onProgress }).finally(() =>
    output.progress.clear(),
  );
};
const validation = await score('the scans that validated', { data, split, part: 'validation' });
const heldOut = onCrops ? null : await score('phantoms that nothing was chosen on', { data: await phantoms('test') });
const scans = values['no-scans']
  ? null
  : await score('whole scans', { data: values.scans, labels: { labels: 'votes' } });
if (scans !== null && scans.trainedOn > 0)
  fail(`the model was trained on ${scans.trainedOn} of the patients in ${values.scans}`);

const events = fs
  .readFileSync(run.events, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const manifest = JSON.parse(fs.readFileSync(run.manifest, 'utf8'));
const { data: ___, out: ____, split: _____, ...recorded } = config;
const figures = {
  name,
  command: `node scripts/make-models.mjs ${process.argv.slice(2).join(' ')}`,
  versions: manifest.versions,
  cpuCapability: manifest.cpuCapability,
  threads: manifest.threads,
  parameters: events.find(({ type }) => type === 'start').parameters,
  bytes: size,
  patients: { train: description.trainedOn.length, validation: validation.patients, leftOut: [...leftOut] },
  scans: { train: kept(drawn.train).length, validation: validated.length },
  fold: drawn.fold,
  best: { epoch: end.bestEpoch, score: end.bestScore },
  trainingSeconds: Math.round(
    events.filter(({ type }) => type === 'epoch').reduce((sum, { seconds }) => sum + seconds, 0),
  ),
  point,
  validation,
  heldOut,
  wholeScans: scans,
  phantoms: onCrops ? null : PHANTOMS,
  config: recorded,
};
fs.writeFileSync(path.join(folder, 'figures.json'), `${JSON.stringify(figures, null, 2)}\n`);
fs.writeFileSync(path.join(folder, 'README.md'), modelCard(figures, loadModel(file).description));
stage(`${path.relative(root, path.resolve(file))}: ${size} bytes, with its card beside it`);
