// Creates a bundled model from one run: models/NAME/model.safetensors, README.md (its model card) and figures.json.
//   node scripts/models/make-models.mjs default --data ../shared/data/lidc-nodules
//   node scripts/models/make-models.mjs phantom-hu
//   --recipe FILE        options of `train` in YAML, with `choosePoint`; default recipes/NAME.yaml
//   --data DIR           training crops of the model default; phantom-hu creates its phantoms
//   --leave-out P,P      patients in neither training nor validation; default those of the scored scans
//   --folds N --fold I   validation fold I of N (default 0 of 5), which determines checkpoint and operating point
//   --scans DIR          whole scans with readers' votes to score at the end (default ../shared/data/luna16)
//   --no-scans           skip the whole scans
//   --rescore            keep model and training figures, score the whole scans again and rewrite the card
//   --work DIR           folder for phantoms and run (default runs/models/NAME); an unfinished run there is resumed
//   --run RUN            do not train: take data, split and best checkpoint of this finished run
//   --out DIR            folder of the models (default models)
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { followTraining } from '../../dist/cli/commands/train.js';
import { openOutput } from '../../dist/cli/output.js';
import { openDataset, pickSourceOptions, readSplit, splitFromFold, writeSplit } from '../../dist/data/index.js';
import { prepare } from '../../dist/data/store/prepare.js';
import { evaluate } from '../../dist/evaluate/evaluate.js';
import { createInferenceNet } from '../../dist/model/createInferenceNet.js';
import { loadModelFile } from '../../dist/model/loadModelFile.js';
import { modelNames } from '../../dist/model/namedModel.js';
import { saveModel } from '../../dist/model/saveModelFile.js';
import { writePhantoms } from '../../dist/phantom/index.js';
import { resolveTrainConfig } from '../../dist/train/config/config.js';
import { mergeFields, readRecipe } from '../../dist/train/config/recipe.js';
import { recordedConfig } from '../../dist/train/run/runConfig.js';
import { runFolder } from '../../dist/train/run/runFolder.js';
import { root, say } from '../setup/steps.mjs';
import { modelCard } from './modelCard.mjs';

/** Largest model file: every installation carries it. */
const MOST_BYTES = 1e6;

/** Patients of LIDC-IDRI whose scans are scored or were inspected during development. */
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
    rescore: { type: 'boolean', default: false },
    work: { type: 'string' },
    run: { type: 'string' },
    out: { type: 'string', default: 'models' },
  },
});
const [name] = positionals;
const fail = (text) => {
  say(`make-models: ${text}`);
  process.exit(2);
};
if (!modelNames.includes(name) || positionals.length > 1)
  fail(`found '${positionals.join(' ')}', expected the name of one model: ${modelNames.join(', ')}`);
const onCrops = name === 'default';
if (onCrops && values.data === undefined && values.run === undefined && !values.rescore)
  fail('--data is missing: give the nnU-Net raw folder of 8-bit crops');
const recipe = values.recipe ?? path.join('recipes', `${name}.yaml`);
const work = values.work ?? path.join('runs', 'models', name);
if (!values['no-scans'] && !fs.existsSync(values.scans))
  fail(`scoring whole scans: found no folder ${values.scans}. Give --scans DIR, or --no-scans to skip them`);

const output = openOutput(false);
const stage = (text) => output.print(`make-models ${name}: ${text}`);
const onProgress = (progress) =>
  output.progress.show({ ...progress, done: Math.round(10 * progress.done) / 10, unit: 'scans' });

const folder = path.join(values.out, name);
const file = path.join(folder, 'model.safetensors');

/** Scores the model; the lists by nodule and scan are not part of a card. */
const score = async (label, options) => {
  stage(`scoring ${label}`);
  const scored = await evaluate({ ...options, model: file, device: options.device ?? 'auto', onProgress }).finally(() =>
    output.progress.clear(),
  );
  const { perNodule: _, perScan: __, noduleFigures: ___, ...figures } = scored;
  return figures;
};
const scoreWholeScans = async (device) => {
  const scans = await score('whole scans', { data: values.scans, labels: { labels: 'votes' }, device });
  if (scans.trainedOn > 0) fail(`the model was trained on ${scans.trainedOn} of the patients in ${values.scans}`);
  return scans;
};
const writeCard = (figures) => {
  fs.writeFileSync(path.join(folder, 'figures.json'), `${JSON.stringify(figures, null, 2)}\n`);
  fs.writeFileSync(path.join(folder, 'README.md'), modelCard(figures, loadModelFile(file).description));
};

if (values.rescore) {
  const figures = JSON.parse(fs.readFileSync(path.join(folder, 'figures.json'), 'utf8'));
  writeCard({ ...figures, wholeScans: await scoreWholeScans('auto') });
  stage(`${path.join(folder, 'README.md')}: whole scans scored again`);
  process.exit();
}
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

/** Trains, resumes an unfinished run, or returns a finished one. */
const trained = async () => {
  const data = onCrops ? values.data : await phantoms('train');
  const dataset = await openDataset(data);
  const split = path.join(work, 'split.json');
  const drawn = splitFromFold(dataset, { fold: Number(values.fold), folds: Number(values.folds) });
  const stays = new Set(dataset.scans.filter(({ patient }) => !leftOut.has(patient)).map(({ uid }) => uid));
  const kept = (uids) => uids.filter((uid) => stays.has(uid));
  await writeSplit(split, { ...drawn, train: kept(drawn.train), validation: kept(drawn.validation) });
  const run = runFolder(path.join(work, 'run'));
  const { folds: _, fold: __, ...fields } = readRecipe(recipe);
  const config = resolveTrainConfig(mergeFields(fields, { data, out: run.folder, split }));
  const plain = (value) => JSON.parse(JSON.stringify(value));
  const exists = fs.existsSync(run.config);
  if (exists && !isDeepStrictEqual(plain(config), plain(recordedConfig(run, 'resuming'))))
    fail(`${run.folder} was trained with another recipe. Remove it, or give another folder with --work`);
  stage(exists ? `resuming ${run.folder}` : `training with ${recipe}`);
  const { status } = await followTraining(exists ? { resume: run.folder } : { config }, false);
  if (status !== 'finished') process.exit(process.exitCode ?? 1);
  return run;
};

stage(values.run ? `using the run ${values.run}` : onCrops ? `data ${values.data}` : 'phantoms');
const leftOut = new Set(onCrops ? values['leave-out'].split(',').filter((patient) => patient !== '') : []);
const run = values.run ? runFolder(values.run) : await trained();
const config = recordedConfig(run, 'making a model of');
const events = fs
  .readFileSync(run.events, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const end = events.findLast(({ type }) => type === 'end');
if (end?.status !== 'finished')
  fail(`the run ${run.folder} is not finished. Resume it: npx nodule-train train --resume ${run.folder}`);
if (!config.choosePoint) fail(`${run.folder} was trained without choosePoint, so its model has no operating point`);
if (end.bestEpoch === null) fail(`no epoch of ${run.folder} scored above 0, so there is no model to export`);
const data = values.data ?? config.data;
const dataset = await openDataset(data, pickSourceOptions(config));
const split = await readSplit(run.split);
const used = new Set([...split.train, ...split.validation]);
const known = dataset.scans.filter(({ uid, patient }) => used.has(uid) && leftOut.has(patient));
if (known.length > 0)
  fail(
    `${run.folder} used ${known.length} scans of the excluded patients ${[...leftOut].join(', ')}. Train without them`,
  );

const { model, description } = loadModelFile(run.best);
const net = createInferenceNet(description.network, model);
const { threshold, minimumVoxels, minimumScore, flips = false } = description;

fs.mkdirSync(folder, { recursive: true });
saveModel(file, net, {
  ...description,
  spacing: onCrops ? 'native, not recorded' : '1.3 x 1.3 x 2.4 mm',
});
const { size } = fs.statSync(file);
if (size >= MOST_BYTES) fail(`${file} has ${size} bytes, expected less than ${MOST_BYTES}. Use a smaller network`);

const source = pickSourceOptions(config);
const { device } = config;
const validation = await score('the validation scans', { data, source, split: run.split, part: 'validation', device });
const heldOut = onCrops ? null : await score('held-out phantoms', { data: await phantoms('test'), device });
const scans = values['no-scans'] ? null : await scoreWholeScans(device);

const manifest = JSON.parse(fs.readFileSync(run.manifest, 'utf8'));
const { data: _, out: __, split: ___, ...recorded } = config;
const figures = {
  name,
  command: `node scripts/models/make-models.mjs ${process.argv.slice(2).join(' ')}`,
  trainCommand: values.run ? `nodule-train ${manifest.command.join(' ')}` : null,
  versions: manifest.versions,
  cpuCapability: manifest.cpuCapability,
  threads: manifest.threads,
  parameters: events.find(({ type }) => type === 'start').parameters,
  bytes: size,
  patients: { train: description.trainedOn.length, validation: validation.patients, leftOut: [...leftOut] },
  scans: { train: split.train.length, validation: split.validation.length },
  fold: split.fold ?? null,
  best: { epoch: end.bestEpoch, score: end.bestScore },
  trainingSeconds: Math.round(
    events.filter(({ type }) => type === 'epoch').reduce((sum, { seconds }) => sum + seconds, 0),
  ),
  point: { threshold, minimumVoxels, minimumScore, flips },
  validation,
  heldOut,
  wholeScans: scans,
  phantoms: onCrops ? null : PHANTOMS,
  config: recorded,
};
writeCard(figures);
stage(`${path.relative(root, path.resolve(file))}: ${size} bytes, with its model card`);
