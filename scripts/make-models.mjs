// Makes a model that comes with the package: models/NAME/model.safetensors, README.md (its card) and figures.json, all from one run.
//   node scripts/make-models.mjs default --data ../shared/data/lidc-nodules
//   node scripts/make-models.mjs phantom-hu
//   --recipe FILE    fields of `train`, in YAML, with `choosePoint`; default recipes/NAME.yaml
//   --data DIR       default: crops to train on; phantom-hu makes its phantoms itself
//   --leave-out P,P  patients in neither part; default those of the scans that are scored
//   --folds N --fold I   fold I validates (default 0 of 5): it chooses checkpoint and operating point
//   --scans DIR      whole scans to score at the end, with readers' votes (default ../shared/data/luna16); --no-scans leaves that out
//   --work DIR       where phantoms and run stay (default runs/models/NAME); a run that is there is gone on with
//   --run RUN        instead of training: a finished run, whose data, split and best checkpoint are taken
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { followTraining } from '../dist/cli/commands/train.js';
import { openOutput } from '../dist/cli/output.js';
import { openDataset, pickSourceOptions, readSplit, splitFromFold, writeSplit } from '../dist/data/index.js';
import { prepare } from '../dist/data/store/prepare.js';
import { evaluate } from '../dist/evaluate/evaluate.js';
import { createInferenceNet, loadModelFile, saveModel } from '../dist/model/modelFile.js';
import { modelNames } from '../dist/model/namedModel.js';
import { writePhantoms } from '../dist/phantom/index.js';
import { resolveTrainConfig } from '../dist/train/config/config.js';
import { mergeFields, readRecipe } from '../dist/train/config/recipe.js';
import { recordedConfig } from '../dist/train/run/runConfig.js';
import { runFolder } from '../dist/train/run/runFolder.js';
import { modelCard } from './modelCard.mjs';
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
  fail(`which model? One of ${modelNames.join(', ')} is wanted`);
const onCrops = name === 'default';
if (onCrops && values.data === undefined && values.run === undefined)
  fail('--data DIR is missing: the nnU-Net raw folder of 8-bit crops');
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

/** A run of scripts/make-models.mjs: made anew, gone on with, or only taken up where it is finished. */
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
  const begun = fs.existsSync(run.config);
  if (begun && !isDeepStrictEqual(plain(config), plain(recordedConfig(run, 'going on with'))))
    fail(`${run.folder} was trained by another recipe; remove it, or give another folder with --work`);
  stage(begun ? `going on with ${run.folder}` : `training by ${recipe}`);
  const { status } = await followTraining(begun ? { resume: run.folder } : { config }, false);
  if (status !== 'finished') process.exit(process.exitCode ?? 1);
  return run;
};

stage(values.run ? `taking the run ${values.run}` : onCrops ? `data ${values.data}` : 'phantoms');
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
  fail(`the run ${run.folder} is not finished; go on with it: npx nodule-train train --resume ${run.folder}`);
if (!config.choosePoint)
  fail(`${run.folder} was trained without choosePoint: its model has no operating point of its own`);
if (end.bestEpoch === null) fail(`no epoch of ${run.folder} scored above 0: there is no model to hand on`);
const data = values.data ?? config.data;
const dataset = await openDataset(data, pickSourceOptions(config));
const split = await readSplit(run.split);
const used = new Set([...split.train, ...split.validation]);
const known = dataset.scans.filter(({ uid, patient }) => used.has(uid) && leftOut.has(patient));
if (known.length > 0)
  fail(
    `${run.folder} used ${known.length} scans of ${[...leftOut].join(', ')}, who are to be left out; train it without them`,
  );

const { model, description } = loadModelFile(run.best);
const net = createInferenceNet(description.network, model);
const { threshold, minimumVoxels, minimumScore, flips = false } = description;

const folder = path.join(values.out, name);
fs.mkdirSync(folder, { recursive: true });
const file = path.join(folder, 'model.safetensors');
saveModel(file, net, {
  ...description,
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
const source = pickSourceOptions(config);
const validation = await score('the scans that validated', { data, source, split: run.split, part: 'validation' });
const heldOut = onCrops ? null : await score('phantoms that nothing was chosen on', { data: await phantoms('test') });
const scans = values['no-scans']
  ? null
  : await score('whole scans', { data: values.scans, labels: { labels: 'votes' } });
if (scans !== null && scans.trainedOn > 0)
  fail(`the model was trained on ${scans.trainedOn} of the patients in ${values.scans}`);

const manifest = JSON.parse(fs.readFileSync(run.manifest, 'utf8'));
const { data: _, out: __, split: ___, ...recorded } = config;
const figures = {
  name,
  command: `node scripts/make-models.mjs ${process.argv.slice(2).join(' ')}`,
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
fs.writeFileSync(path.join(folder, 'figures.json'), `${JSON.stringify(figures, null, 2)}\n`);
fs.writeFileSync(path.join(folder, 'README.md'), modelCard(figures, loadModelFile(file).description));
stage(`${path.relative(root, path.resolve(file))}: ${size} bytes, with its card beside it`);
