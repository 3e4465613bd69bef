// From a downloaded LUNA16 to its ten-fold CPM: prepare, train each official fold, segment the scans that it left out,
// score all marks by LUNA16's rule (docs/guide/luna16.md). Killed at any time, the same command continues.
//   node scripts/luna16.mjs --data LUNA16 --out WORK
//   --folds 0,1          folds to run; default: one for each subset of the data. The score covers their scans
//   --recipe FILE        options of `train` in YAML; default recipes/luna16.yaml
//   --epochs N --samples N --batch N --threads N --seed N    override the recipe
//   --device NAME        auto (default), cpu, cuda or cuda:N
//   --threshold P --minimum-voxels N    candidates to rank, default 0.1 and 4
//   --flips              average over four mirror images
//   --plan               print disk, memory and hours of each step on this machine, and stop
//   --dry-run            print the commands without running them
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NoduleTrainError, replaceFileSync, replaceJsonSync, tryLock } from '../dist/runtime/index.js';

const root = path.resolve(import.meta.dirname, '..');
const main = path.join(root, 'dist', 'cli', 'main.js');

/** One thread of a CPU with AVX-512, docs/records/performance.md: a step of 16 crops, a slice of 7 x 512 x 512. */
const RECORDED = { step: 16 / 100.6, slice: 0.133, slicePixels: 512 * 512 };

const say = (/** @type {string} */ text) => process.stdout.write(`${text}\n`);
const fail = (/** @type {string} */ text) => {
  throw new NoduleTrainError('luna16', text);
};

/** Prints an error that the user can act on as one line, and ends. */
function report(/** @type {unknown} */ error) {
  const { message, code } = /** @type {NoduleTrainError} */ (error);
  if (!(error instanceof NoduleTrainError) && !code?.startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}

/** @template T @param {() => T} read @returns {T} */
function attempt(read) {
  try {
    return read();
  } catch (error) {
    return report(error);
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      out: { type: 'string' },
      folds: { type: 'string' },
      recipe: { type: 'string', default: path.join(root, 'recipes', 'luna16.yaml') },
      epochs: { type: 'string' },
      samples: { type: 'string' },
      batch: { type: 'string' },
      threads: { type: 'string' },
      seed: { type: 'string' },
      device: { type: 'string', default: 'auto' },
      threshold: { type: 'string', default: '0.1' },
      'minimum-voxels': { type: 'string', default: '4' },
      flips: { type: 'boolean', default: false },
      plan: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const { data, out, ...rest } = values;
  if (data === undefined || out === undefined) return fail('running LUNA16: expected --data LUNA16 and --out WORK.');
  return { data, out, ...rest };
}

/** Lists LUNA16's subsets on disk by their numbers, with the UIDs of their scans. */
function readSubsets(/** @type {string} */ data) {
  const names = fs.existsSync(data) ? fs.readdirSync(data) : [];
  const numbers = names.flatMap((name) => /^subset(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const uids = (/** @type {number} */ number) =>
    fs
      .readdirSync(path.join(data, `subset${number}`))
      .filter((file) => /^[^.].*\.mh[ad]$/i.test(file))
      .map((file) => file.replace(/\.mh[ad]$/i, ''))
      .sort();
  const subsets = new Map(numbers.sort((a, b) => a - b).map((number) => [number, uids(number)]));
  if (subsets.size < 2)
    fail(
      `opening ${data}: found ${subsets.size} folders subset0 …, expected at least 2, because each fold trains on the ` +
        'other subsets. Unpack subset0.zip … subset9.zip there.',
    );
  return subsets;
}

function chooseFolds(/** @type {string | undefined} */ given, /** @type {Map<number, string[]>} */ subsets) {
  const folds = given === undefined ? [...subsets.keys()] : [...new Set(given.split(',').map(Number))];
  for (const fold of folds)
    if ((subsets.get(fold) ?? []).length === 0)
      fail(
        `choosing --folds ${given ?? ''}: subset${fold} has no scan (.mhd), expected a number of a subset with scans.`,
      );
  return folds;
}

/** What the user should know before hours of work. */
function* notesOn(/** @type {string} */ data, /** @type {Map<number, string[]>} */ subsets) {
  const missing = ['annotations_excluded.csv', 'candidates_V2.csv'].filter(
    (name) => !fs.existsSync(path.join(data, name)),
  );
  if (missing.includes('annotations_excluded.csv'))
    yield 'There is no annotations_excluded.csv: marks on findings that LUNA16 ignores will count as false positives.';
  if (missing.includes('candidates_V2.csv') && !fs.existsSync(path.join(data, 'candidates.csv')))
    yield 'There is no candidates_V2.csv: crops without a nodule are drawn without hard ones.';
  const official = path.join(data, 'seriesuids.csv');
  if (!fs.existsSync(official)) return;
  const here = new Set([...subsets.values()].flat());
  const listed = fs.readFileSync(official, 'utf8').split(/\s+/).filter(Boolean);
  const absent = listed.filter((uid) => uid !== 'seriesuid' && !here.has(uid)).length;
  if (absent > 0) yield `${absent} of the ${listed.length} scans of seriesuids.csv are not on disk and not scored.`;
}

/**
 * The `nodule-train` that runs now; a signal to this script reaches it.
 * @type {import('node:child_process').ChildProcess | null}
 */
let child = null;
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => {
    if (child === null) process.exit(130);
    // On Ctrl-C the terminal has sent it already; a second one would end it before it has saved.
    if (signal !== 'SIGINT') child.kill(signal);
  });

/** Runs `nodule-train`, showing its output; with `capture` returns its standard output instead. */
async function run(/** @type {string[]} */ args, { capture = false } = {}) {
  child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'] });
  let text = '';
  child.stdout?.on('data', (/** @type {Buffer} */ piece) => {
    text += piece;
  });
  const [status, signal] = await new Promise((resolve, reject) => {
    child?.on('error', reject);
    child?.on('close', (...ended) => resolve(ended));
  });
  child = null;
  if (status !== 0)
    fail(`running nodule-train ${args[0]}: it ended with ${signal ?? `status ${status}`}. Run the same command again.`);
  return text;
}

const options = attempt(readOptions);
const { data, out } = options;
const store = path.join(out, 'store');
const stateFile = path.join(out, 'luna16.json');
const foldFolder = (/** @type {number} */ fold) => path.join(out, `fold${fold}`);
const given = (/** @type {('epochs' | 'samples' | 'batch' | 'threads' | 'seed')[]} */ ...names) =>
  names.flatMap((name) => (options[name] === undefined ? [] : [`--${name}`, options[name]]));

/** Arguments of each step's command. */
const commands = {
  plan: () => ['plan', '--data', data, '--out', store, '--json', ...given('epochs', 'samples', 'batch')],
  prepare: () => ['prepare', '--data', data, '--out', store],
  train: (/** @type {number} */ fold) => {
    const folder = path.join(foldFolder(fold), 'run');
    if (fs.existsSync(path.join(folder, 'config.json'))) return ['train', '--resume', folder];
    const settings = ['--config', options.recipe, '--device', options.device];
    const overrides = given('epochs', 'samples', 'batch', 'threads', 'seed');
    return ['train', '--data', store, '--out', folder, '--fold', `${fold}`, ...settings, ...overrides];
  },
  segment: (/** @type {number} */ fold) => [
    'segment',
    path.join(data, `subset${fold}`),
    '--model',
    // Not the best one, which is chosen on the scans that are scored here.
    path.join(foldFolder(fold), 'run', 'checkpoints', 'last.safetensors'),
    '--out',
    path.join(foldFolder(fold), 'found'),
    ...['--format', 'luna16-csv', '--device', options.device, '--minimum-score', '0'],
    ...['--threshold', options.threshold, '--minimum-voxels', options['minimum-voxels']],
    ...(options.flips ? ['--flips'] : []),
  ],
  froc: () => {
    const excluded = path.join(data, 'annotations_excluded.csv');
    return [
      ...['froc', '--marks', path.join(out, 'luna16.csv'), '--annotations', path.join(data, 'annotations.csv')],
      ...(fs.existsSync(excluded) ? ['--excluded', excluded] : []),
      ...['--seriesuids', path.join(out, 'seriesuids.csv'), '--out', path.join(out, 'froc')],
    ];
  },
};

/** Marks of all folds under one header; without the lines that begin with `#`. */
function concatenate(/** @type {number[]} */ folds, /** @type {Map<number, string[]>} */ subsets) {
  const header = 'seriesuid,coordX,coordY,coordZ,probability';
  const marks = folds.flatMap((fold) => {
    const file = path.join(foldFolder(fold), 'found', 'luna16.csv');
    const [first, ...lines] = fs
      .readFileSync(file, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '' && !line.startsWith('#'));
    if (first !== header) fail(`reading ${file}: its header is "${first}", expected "${header}".`);
    return lines;
  });
  replaceFileSync(path.join(out, 'luna16.csv'), `${[header, ...marks].join('\n')}\n`);
  const uids = folds.flatMap((fold) => subsets.get(fold) ?? []);
  replaceFileSync(path.join(out, 'seriesuids.csv'), `${uids.join('\n')}\n`);
}

const hours = (/** @type {number} */ seconds) =>
  seconds < 5400 ? `${(seconds / 60).toFixed(seconds < 600 ? 1 : 0)} min` : `${(seconds / 3600).toFixed(1)} h`;
const gb = (/** @type {number} */ bytes) => `${(bytes / 1e9).toPrecision(3)} GB`;

/** Prints what each step needs on this machine: scans and steps are measured by `plan`, their products estimated. */
async function printPlan(/** @type {number[]} */ folds, /** @type {Map<number, string[]>} */ subsets) {
  const text = await run(commands.plan(), { capture: true });
  const plan = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .find(({ type }) => type === 'plan');
  const { fingerprint: found, prepare, train, secondsPerStep, free } = plan;
  const scans = folds.reduce((sum, fold) => sum + (subsets.get(fold) ?? []).length, 0);
  const slice = (RECORDED.slice * secondsPerStep) / RECORDED.step / RECORDED.slicePixels;
  const segment = scans * (found.secondsPerScan + slice * found.voxels.mean * (options.flips ? 4 : 1));
  say(`${scans} of ${found.scans} scans are scored in ${folds.length} folds. Estimates for this machine, from`);
  say(
    `${found.sampled.length} scans read and training steps timed now (${(1000 * secondsPerStep).toFixed(0)} ms each):`,
  );
  say(
    `  prepare  ${gb(prepare.disk)} of disk (${gb(free.disk)} free), ${gb(prepare.memory)} of memory, ${hours(prepare.seconds)}`,
  );
  say(`  train    ${gb(train.memory)} of memory (${gb(free.memory)} free), ${folds.length} x ${hours(train.seconds)}`);
  say(
    `  segment  ${hours(segment)} for whole slices at the recorded ratio of a slice to a step; less with the lungs only`,
  );
}

async function work(/** @type {number[]} */ folds, /** @type {Map<number, string[]>} */ subsets) {
  const { folds: _, plan: __, 'dry-run': ___, device: ____, threads: _____, ...choices } = options;
  const settings = { ...choices, data: path.resolve(data), out: '', recipe: fs.readFileSync(options.recipe, 'utf8') };
  const state = fs.existsSync(stateFile) ? JSON.parse(fs.readFileSync(stateFile, 'utf8')) : { settings, done: {} };
  for (const [name, value] of Object.entries(settings))
    if (state.settings[name] !== value)
      fail(`continuing ${out}: it was begun with another --${name}. Give the same one, or another --out.`);
  const step = async (
    /** @type {string} */ name,
    /** @type {string} */ result,
    /** @type {() => Promise<unknown>} */ make,
  ) => {
    const seconds = state.done[name];
    if (seconds !== undefined && fs.existsSync(result)) return say(`== ${name}: done in ${hours(seconds)}`);
    say(`== ${name}`);
    const start = performance.now();
    await make();
    if (!fs.existsSync(result)) fail(`running the step ${name}: it left no ${result}.`);
    // A step that was killed counts from its last start.
    state.done[name] = Math.round((performance.now() - start) / 100) / 10;
    replaceJsonSync(stateFile, state);
  };
  replaceJsonSync(stateFile, state);
  await step('prepare', path.join(store, 'store.json'), () => run(commands.prepare()));
  for (const fold of folds) {
    const folder = path.join(foldFolder(fold), 'run');
    await step(`train fold ${fold}`, path.join(folder, 'checkpoints', 'last.safetensors'), () => {
      // Killed before its configuration was written: nothing was trained, and `train` wants an empty folder.
      if (!fs.existsSync(path.join(folder, 'config.json'))) fs.rmSync(folder, { recursive: true, force: true });
      return run(commands.train(fold));
    });
    await step(`segment fold ${fold}`, path.join(foldFolder(fold), 'found', 'luna16.csv'), () =>
      run(commands.segment(fold)),
    );
  }
  concatenate(folds, subsets);
  say(`== froc of ${folds.length} folds`);
  await run(commands.froc());
}

async function luna16() {
  const subsets = readSubsets(data);
  const folds = chooseFolds(options.folds, subsets);
  for (const note of notesOn(data, subsets)) say(`Note: ${note}`);
  if (options['dry-run']) {
    const steps = [commands.prepare(), ...folds.flatMap((fold) => [commands.train(fold), commands.segment(fold)])];
    for (const args of [...steps, commands.froc()]) say(`nodule-train ${args.join(' ')}`);
    return;
  }
  if (options.plan) return await printPlan(folds, subsets);
  fs.mkdirSync(out, { recursive: true });
  const lock = tryLock(path.join(out, 'luna16.lock'));
  if ('holder' in lock)
    return fail(`working in ${out}: process ${lock.holder?.pid ?? '?'} is at work there. Wait for it.`);
  const heartbeat = setInterval(lock.renew, 5000);
  try {
    await work(folds, subsets);
  } finally {
    clearInterval(heartbeat);
    lock.release();
  }
}

await luna16().catch(report);
