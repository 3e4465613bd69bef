import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliRun, runCli, startCli } from '../support/cli.js';
import { type SeriesOptions, stack, writeSeriesSync } from '../support/dicomSeries.js';
import { inRoot } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';
import { withNaN, writeModel, writeWeights } from '../support/smallModel.js';
import { structureSetBytes } from '../support/structureSets.js';
import { uidOf, writeLuna16, writeScan } from './errors.scans.js';

const scratch = scratchFolder('errors');

/** A small file system of its own, made and forgotten with the process that runs in it. */
const onSmallDisk = (mount: string) => [
  'unshare',
  '-Urm',
  'sh',
  '-c',
  `mount -t tmpfs -o size=1m tmpfs '${mount}' && exec "$0" "$@"`,
];
const canMount = spawnSync('unshare', [...onSmallDisk(tmpdir()).slice(1), 'true']).status === 0;

/** Runs until a condition holds; a plain loop, as the cases are synchronous. */
function waitFor(holds: () => boolean, what: string): void {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited a minute for ${what}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

const run = (args: string[], env: NodeJS.ProcessEnv = {}, prefix: string[] = []) =>
  runCli(args, { cwd: scratch, env, prefix });

/** Rows of the table in docs/reference/errors.md: name → message, in which `…` stands for any text. */
const documented = new Map(
  readFileSync(inRoot('docs', 'reference', 'errors.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && /^[012]$/.test(cells[3] as string))
    .map(([, name, message, code, cure]) => [name as string, { message: message as string, code: Number(code), cure }]),
);

const pattern = (message: string) =>
  new RegExp(
    `^${message
      .replace(/^`+|`+$/g, '')
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.+')}`,
    's',
  );

let folders = 0;
const folder = (make: (folder: string) => void = () => {}) => {
  const made = path.join(scratch, `case-${++folders}`);
  mkdirSync(made);
  make(made);
  return made;
};
const luna = (spoil: (folder: string) => void = () => {}) =>
  folder((made) => {
    writeLuna16(made);
    spoil(made);
  });
const file = (data: string, ending: string) => path.join(data, 'subset0', `${uidOf(1)}.${ending}`);
const out = () => path.join(scratch, `run-${++folders}`);
const scoreMarks = (csv: string) => {
  const data = luna((made) => writeFileSync(path.join(made, 'marks.csv'), csv));
  return ['froc', '--data', data, '--marks', path.join(data, 'marks.csv'), '--out', out()];
};
const train = (data: string, ...more: string[]) => ['train', '--data', data, '--out', out(), '--epochs', '1', ...more];

/** 4×4×4 voxels of air, the file's bytes spoilt. */
const writeSmallScan = (name: string, spoil: (bytes: Buffer) => void = () => {}): string => {
  const made = path.join(folder(), name);
  const header = [
    'NRRD0004',
    'type: short',
    'dimension: 3',
    'space: LPS',
    'sizes: 4 4 4',
    'space directions: (1,0,0) (0,1,0) (0,0,1)',
    'endian: little',
    'encoding: raw\n\n',
  ].join('\n');
  const voxels = Buffer.alloc(128);
  const bytes = name.endsWith('.nrrd') ? Buffer.concat([Buffer.from(header), voxels]) : niftiOf(voxels);
  spoil(bytes);
  writeFileSync(made, bytes);
  return made;
};

/** NIfTI-1 of 4×4×4 int16 voxels of 1 mm, placed by its sform. */
const niftiOf = (voxels: Buffer): Buffer => {
  const header = Buffer.alloc(352);
  header.writeInt32LE(348, 0);
  for (const [place, value] of [
    [40, 3],
    [42, 4],
    [44, 4],
    [46, 4],
    [70, 4],
    [254, 1],
  ] as const)
    header.writeInt16LE(value, place);
  for (const place of [80, 84, 88, 280, 300, 320]) header.writeFloatLE(1, place);
  header.writeFloatLE(352, 108);
  header.write('n+1\0', 344, 'latin1');
  return Buffer.concat([header, voxels]);
};

const evaluate = (model: string, ...more: string[]) => ['evaluate', '--data', luna(), '--model', model, ...more];

/** A folder of one or more series of five slices. */
const dicom = (...series: SeriesOptions[]) =>
  folder((made) => {
    for (const [n, one] of series.entries()) writeSeriesSync(made, stack, { name: (k) => `${n}-${k}.dcm`, ...one });
  });
const convert = (series: string) => ['convert', series, path.join(series, 'out.mha')];

const cases: Record<string, () => CliRun> = {
  'no libtorch': () => {
    const empty = folder();
    // Only Node itself stays on the PATH, so that no Python environment of this machine is found.
    const env = {
      PATH: path.dirname(process.execPath),
      XDG_CACHE_HOME: empty,
      VIRTUAL_ENV: '',
      CONDA_PREFIX: '',
      LIBTORCH: '',
    };
    return run(train(luna()), env);
  },
  'libtorch of another version': () => {
    const libtorch = folder((made) => {
      mkdirSync(path.join(made, 'lib'));
      writeFileSync(path.join(made, 'lib', 'libtorch_cpu.so'), '');
      writeFileSync(path.join(made, 'build-version'), '2.10.0+cpu\n');
    });
    return run(train(luna()), { LIBTORCH: libtorch });
  },
  'no GPU': () => run([...train(luna()), '--device', 'cuda'], { CUDA_VISIBLE_DEVICES: '' }),
  'missing data folder': () => run(train(path.join(scratch, 'not-there'))),
  'annotations without scans': () =>
    run(train(luna((data) => rmSync(path.join(data, 'subset0'), { recursive: true })))),
  'labels lost': () => {
    const data = luna((made) => {
      const list = path.join(made, 'annotations.csv');
      writeFileSync(list, readFileSync(list, 'utf8').replaceAll('48,48,12,12', '12,48,48,12'));
    });
    return run(['prepare', '--data', data, '--out', out(), '--workers', '1']);
  },
  'truncated .raw': () => run(train(luna((data) => truncateSync(file(data, 'raw'), 1000)))),
  'header without data': () => run(train(luna((data) => unlinkSync(file(data, 'raw'))))),
  'wrong element type': () => run(train(luna((data) => writeScan(path.join(data, 'subset0'), uidOf(1), 'MET_SHORTS')))),
  'unreadable CSV line': () =>
    run(
      train(
        luna((data) => {
          const csv = path.join(data, 'annotations.csv');
          const lines = readFileSync(csv, 'utf8').split('\n');
          lines[2] = `${uidOf(2)},48,forty-eight,12,12`;
          writeFileSync(csv, lines.join('\n'));
        }),
      ),
    ),
  'unreadable mark': () =>
    run(
      scoreMarks(`seriesuid,coordX,coordY,coordZ,probability
${uidOf(1)},48,48,12,high`),
    ),
  'marks of other scans': () =>
    run(
      scoreMarks(`seriesuid,coordX,coordY,coordZ,probability
1.9,48,48,12,0.5`),
    ),
  'axes not at right angles': () => {
    const scan = writeSmallScan('sheared.nii', (bytes) => bytes.writeFloatLE(0.4, 284));
    return run(['convert', scan, `${scan}.mha`]);
  },
  'file cut off': () => {
    const scan = writeSmallScan('cut.nrrd');
    truncateSync(scan, statSync(scan).size - 20);
    return run(['convert', scan, `${scan}.mha`]);
  },
  'output is there': () => {
    const scan = writeSmallScan('there.nrrd');
    return run(['convert', scan, scan]);
  },
  'NaN in the weights': () => {
    const model = path.join(folder(), 'nan.safetensors');
    writeModel(model, { spoil: withNaN });
    return run(evaluate(model));
  },
  'checkpoint of another shape': () => {
    const model = path.join(folder(), 'shape.safetensors');
    writeModel(model, { network: { wf: 3 } });
    return run(evaluate(model));
  },
  'pooling not recorded': () => {
    const model = path.join(folder(), 'weights.safetensors');
    writeWeights(model);
    return run(evaluate(model));
  },
  'pooling of another kind': () => {
    const model = path.join(folder(), 'pooling.safetensors');
    writeModel(model);
    return run(evaluate(model, '--pooling', 'avg'));
  },
  'run folder in use': () => {
    const used = out();
    const args = ['train', '--data', luna(), '--out', used, '--epochs', '1000', '--samples', '160'];
    const training = startCli(args);
    waitFor(() => existsSync(path.join(used, 'metrics.csv')), 'the first epoch of a run');
    const refused = run(['train', '--resume', used]);
    training.process.kill('SIGKILL');
    return refused;
  },
  'loss is not a number': () =>
    run(
      train(
        luna(),
        '--samples',
        '32',
        '--learning-rate',
        '1e6',
        '--no-network-batch-norm',
        '--schedule',
        'constant',
        '--network-wf',
        '2',
      ),
    ),
  'no run in the folder': () => run(['report', folder()]),
  'recipe with an unknown field': () => {
    const recipe = path.join(folder(), 'recipe.yaml');
    writeFileSync(recipe, 'epochs: 1\nsample: 12\n');
    return run(train(luna(), '--config', recipe));
  },
  'full disk': () => {
    const disk = folder();
    const args = ['train', '--data', luna(), '--out', path.join(disk, 'run'), '--epochs', '1', '--samples', '16'];
    return run(args, {}, onSmallDisk(disk));
  },
  'several DICOM series': () =>
    run(
      convert(
        dicom({ over: () => ({ SeriesInstanceUID: '1.2.10' }) }, { over: () => ({ SeriesInstanceUID: '1.2.20' }) }),
      ),
    ),
  'a DICOM slice is missing': () => run(convert(dicom({ name: (k) => (k === 3 ? null : `${k}`) }))),
  'tilted gantry': () =>
    run(convert(dicom({ over: (k) => ({ ImagePositionPatient: [-20, 30.5 + 0.5 * k, -100 + 2.5 * k] }) }))),
  'truncated DICOM slice': () => {
    const series = dicom({});
    const [first] = readdirSync(series);
    const slice = path.join(series, first as string);
    truncateSync(slice, statSync(slice).size - 3);
    return run(convert(series));
  },
  'mask in another frame of reference': () => {
    const data = folder();
    mkdirSync(path.join(data, 'images'));
    mkdirSync(path.join(data, 'labels'));
    writeSeriesSync(path.join(data, 'images', 'a'), stack);
    const points = [-20.4, -19.6].flatMap((x) => [30.1, 30.9].map((y) => [x, y, -100]));
    const region = { number: 1, name: 'Läsion', frame: '1.2.9', contours: [{ points }] };
    writeFileSync(path.join(data, 'labels', 'a'), structureSetBytes([region]));
    return run(['prepare', '--data', data, '--out', path.join(data, 'store'), '--mask-segment', 'läsion']);
  },
  'DICOM in colour': () =>
    run(convert(dicom({ over: () => ({ PhotometricInterpretation: 'RGB', SamplesPerPixel: 3 }) }))),
  'no lungs to insert nodules into': () => run(['synth', out(), '--into', writeSmallScan('air.nrrd')]),
  'reference of another scan': () => {
    const scan = file(luna(), 'mhd');
    const args = ['segment', scan, '--model', 'phantom-hu', '--device', 'cpu', '--out', out(), '--format', 'seg'];
    return run([...args, '--reference', dicom({})]);
  },
  'no scan in a folder': () => {
    const empty = out();
    mkdirSync(empty);
    return run(['segment', empty, '--model', 'phantom-hu', '--out', out()]);
  },
  'unknown command': () => run(['segmnt', '--help']),
  'unknown option': () => run([...train(luna()), '--epoch', '3']),
};

describe('errors of the command line', { timeout: 120_000 }, () => {
  it('are those of the table in docs/reference/errors.md', () => {
    expect([...documented.keys()].sort()).toEqual(Object.keys(cases).sort());
  });

  const runnable = Object.keys(cases).filter((name) => canMount || name !== 'full disk');
  if (!canMount) it.skip('full disk (skipped: this user may not mount a file system)');

  it.each(runnable)('%s: prints one message and no stack, and exits with the status in the table', (name) => {
    const { message, code } = documented.get(name) as { message: string; code: number };
    const { status, stderr } = (cases[name] as () => CliRun)();
    expect(stderr).toMatch(/^error: /m);
    const [, text] = /^error: ([\s\S]*)$/m.exec(stderr) as RegExpExecArray;
    expect(text).toMatch(pattern(message));
    expect(stderr.match(/^error: /gm)).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
    expect(status).toBe(code);
  });
});
