import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTensorsSync } from '../../dist/torch/index.js';
import { modelCard } from '../../scripts/models/modelCard.mjs';
import { runCli } from '../support/cli.js';
import { stack, writeSeriesSync } from '../support/dicomSeries.js';
import { main, root } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'examples/README.md',
  ...readdirSync(path.join(root, 'models')).map((name) => `models/${name}/README.md`),
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((file) => `docs/${file.split(path.sep).join('/')}`)
    .sort(),
].filter((page) => page.endsWith('.md'));
const textOf = (page: string) => readFileSync(path.join(root, page), 'utf8');

/** A page without its code blocks, where `#` begins a comment and `](` means nothing. */
const proseOf = (page: string) => textOf(page).replace(/^ *```[\s\S]*?^ *```$/gm, '');

const slug = (title: string) =>
  title
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

/** Anchors of a page's headings, as GitHub makes them: a repeated title gets a number. */
const anchorsOf = (page: string): string[] => {
  const seen = new Map<string, number>();
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) => {
    const made = slug(title as string);
    const before = seen.get(made) ?? 0;
    seen.set(made, before + 1);
    return before === 0 ? made : `${made}-${before}`;
  });
};

interface Link {
  link: string;
  target: string;
  anchor: string | undefined;
}

/** Links and pictures of a page that lead to files of the repository. */
const linksOf = (page: string): Link[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link as string)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file, anchor] = link.split('#') as [string, string?];
      return { link, anchor, target: file === '' ? page : path.posix.join(path.posix.dirname(page), file) };
    });

interface Block {
  language: string;
  text: string;
  line: number;
}

const blocksOf = (page: string): Block[] =>
  [...textOf(page).matchAll(/^```(\S*)[^\n]*\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: text, index }) => ({
    language: language as string,
    text: text as string,
    line: textOf(page).slice(0, index).split('\n').length + 1,
  }));

/** Command lines of a page's shell blocks, without their comments. */
const commandsOf = (page: string): string[] =>
  blocksOf(page)
    .filter(({ language }) => ['sh', 'bash', ''].includes(language))
    .flatMap(({ text }) => text.replace(/\\\n/g, ' ').split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');

/** `npx nodule-train train --data X` → ['train', '--data', 'X']; null for a command that is not ours. */
const ownArguments = (command: string): string[] | null => {
  const [, rest] = /^(?:npx )?nodule-train (.+)$/.exec(command) ?? [];
  return rest === undefined ? null : rest.split(/\s+/);
};

const flagsIn = (text: string) =>
  [...text.matchAll(/(?<![\w-])--[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?![\w…-])/g)].map(([flag]) => flag);
const helps = new Map<string, string>();
const helpOf = (...command: string[]): string => {
  const name = command.join(' ');
  if (!helps.has(name)) helps.set(name, runCli([...command, '--help']).stdout);
  return helps.get(name) as string;
};
const commandNames = [...helpOf().matchAll(/^ {2}([a-z]+)\b.* {2,}\S/gm)].map(([, name]) => name as string);
/** `--augment-flip` where the help shows `--no-augment-flip`, and the other way round. */
const knows = (help: string, flag: string) => {
  const known = new Set(flagsIn(help));
  return known.has(flag) || known.has(flag.replace(/^--no-/, '--')) || known.has(flag.replace(/^--/, '--no-'));
};

describe('README and docs', { timeout: 120_000 }, () => {
  it.each(pages)('%s: relative links lead to files, and to headings where they name one', (page) => {
    for (const { link, target, anchor } of linksOf(page)) {
      expect(existsSync(path.join(root, target)), `${page} links to ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target), `${page} links to ${link}`).toContain(anchor);
    }
  });

  it('every page of docs can be reached from the README over links', () => {
    const reached = new Set(['README.md']);
    for (const page of reached) for (const { target } of linksOf(page)) if (pages.includes(target)) reached.add(target);
    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });

  it('the README links to every page of docs but those of single commands', () => {
    const linked = new Set(linksOf('README.md').map(({ target }) => target));
    const own = pages.filter((page) => page.startsWith('docs/') && !page.startsWith('docs/reference/cli/'));
    expect(own.filter((page) => !linked.has(page))).toEqual([]);
  });

  it.each(pages)('%s: has one title, and a text below it that states its purpose', (page) => {
    const prose = proseOf(page).replace(/^<!--.*-->\n/, '');
    expect(prose.match(/^# /gm), page).toHaveLength(1);
    expect(prose).toMatch(/^# .+\n\n(?![#|!`-])\S/);
  });

  it.each(pages)('%s: every command and script that it names exists, with these options', (page) => {
    const scripts = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).scripts as Record<string, string>;
    const inline = [...textOf(page).matchAll(/`([^`\n]+)`/g)].map(([, text]) => text as string);
    for (const command of [...commandsOf(page), ...inline]) {
      const [, script] = /^npm run (?:-s )?([\w:-]+)/.exec(command) ?? [];
      if (script !== undefined) expect(Object.keys(scripts), command).toContain(script);
      const [, file] = /^node (scripts\/\S+|bench\/\S+)/.exec(command) ?? [];
      if (file !== undefined) expect(existsSync(path.join(root, file)), command).toBe(true);
      const given = ownArguments(command);
      // COMMAND stands for any.
      if (given === null || !/^[a-z]/.test(given[0] as string)) continue;
      const words = given.slice(0, given.findIndex((word, n) => n > 0 && !/^[a-z]+$/.test(word)) >>> 0);
      expect(commandNames, command).toContain(words[0]);
      const help = words[0] === 'libtorch' ? helpOf(...words.slice(0, 2)) : helpOf(words[0] as string);
      for (const flag of flagsIn(command))
        expect(flag === '--help' || knows(help, flag), `${command}: ${flag}`).toBe(true);
    }
  });

  it.each(pages)('%s: every --option in its text belongs to a command, the bench or a script', (page) => {
    const prose = textOf(page).replace(/`error:[^`]*`/g, '');
    const sources = [
      ...commandNames.map((name) => helpOf(name)),
      ...['path', 'install'].map((name) => helpOf('libtorch', name)),
      // What `npm run` starts, and scripts.
      ...new Set(
        [...textOf('package.json').matchAll(/node ([\w/.-]+\.mjs)/g)].map(([, file]) => textOf(file as string)),
      ),
      ...readdirSync(path.join(root, 'scripts'), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(mjs|py)$/.test(file))
        .map((file) => textOf(`scripts/${file}`)),
    ];
    // Options of other programs, and the mistyped one of the error table.
    const foreign = [
      '--help',
      '--epoch',
      '--ignore-scripts',
      '--inspect',
      '--omit',
      '--external',
      '--platform',
      '--banner',
      '--allow-all',
      '--node-modules-dir',
      '--strict',
      '--reporter',
      '--logdir',
    ];
    for (const flag of flagsIn(prose))
      expect(foreign.includes(flag) || sources.some((source) => knows(source, flag)), `${page}: ${flag}`).toBe(true);
  });
});

it.each(readdirSync(path.join(root, 'models')))(
  'models/%s/README.md equals the output of scripts/models/modelCard.mjs',
  (name) => {
    const figures = JSON.parse(textOf(`models/${name}/figures.json`));
    const { metadata } = loadTensorsSync(path.join(root, 'models', name, 'model.safetensors'));
    expect(textOf(`models/${name}/README.md`)).toBe(modelCard(figures, JSON.parse(metadata.model as string)));
  },
);

/** The first of the phantoms that are made here. */
const phantom = 'scans/subset1/phantom-standard-1-0001.mhd';

/** What stands for a path or a number of the reader's own, and what makes a command cheap. */
const cheap = (words: string[]): string[] => {
  const filled = words.map(
    (word) =>
      ({
        DIR: 'scans',
        FOLDER: 'predictions',
        'MODEL.safetensors': 'model.safetensors',
        RUN: 'run',
        IN: phantom,
        OUT: 'out.nii.gz',
        'SCAN.mhd': phantom,
        'annotations.csv': 'scans/annotations.csv',
      })[word] ?? word,
  );
  const set = (flag: string, value: string) => {
    const at = filled.indexOf(flag);
    if (at >= 0) filled[at + 1] = value;
    else filled.push(flag, value);
  };
  const [name] = filled;
  if (name === 'synth') {
    set('--count', filled.includes('--into') ? '1' : '4');
    set('--threads', '1');
    // A scan that nodules are inserted into has its own.
    if (!filled.includes('--into')) {
      set('--size', '12,64,64');
      set('--spacing', '5,5,12');
    }
  }
  // A page's run is longer than the one that is trained here.
  if (filled.includes('--replay-step')) set('--replay-step', '1');
  if (name === 'plan') set('--sample', '2');
  if (name === 'findrate') {
    set('--steps', '20');
    set('--batch', '4');
    set('--threads', '1');
  }
  if (name === 'train' && !filled.includes('--resume')) {
    set('--epochs', '1');
    set('--samples', '32');
    set('--threads', '1');
    // So that even so little training leaves a best model for the next command.
    filled.push('--compat-zero-is-best');
  }
  return filled;
};

/** Commands that are run as they stand, made cheap; others are long (demo) or download (install). */
const runnable = (words: string[]) =>
  [
    'synth',
    'prepare',
    'plan',
    'train',
    'findrate',
    'mine',
    'evaluate',
    'segment',
    'froc',
    'report',
    'doctor',
    'convert',
  ].includes(words[0] as string) || words.join(' ') === 'libtorch path';

describe('commands and programs of README and docs, run on tiny phantoms', { timeout: 300_000 }, () => {
  const folder = scratchFolder('docs');
  /** A folder of its own in which `nodule-train` is installed, as a link to this checkout. */
  const scratch = (name: string) => {
    const made = path.join(folder, name);
    mkdirSync(path.join(made, 'node_modules', '.bin'), { recursive: true });
    symlinkSync(root, path.join(made, 'node_modules', 'nodule-train'));
    symlinkSync(main, path.join(made, 'node_modules', '.bin', 'nodule-train'));
    symlinkSync(path.join(folder, 'scans'), path.join(made, 'scans'));
    writeSeriesSync(path.join(made, 'chest'), stack);
    predictTheTruth(path.join(made, 'predictions'));
    return made;
  };
  /** Masks under the names of their scans, as another program would leave them. */
  const predictTheTruth = (predictions: string) => {
    mkdirSync(predictions);
    const masks = path.join(folder, 'scans', 'masks');
    // A header keeps the name of its data beside it.
    for (const file of readdirSync(masks))
      copyFileSync(path.join(masks, file), path.join(predictions, file.replace('_mask.mhd', '.mhd')));
  };
  const execute = (cwd: string, command: string, args: string[]) => {
    const { status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: 'utf8' });
    expect(status, `${command} ${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
    return stdout;
  };
  beforeAll(() => {
    // npm does this to the `bin` of a package that it installs.
    chmodSync(main, 0o755);
    execute(folder, process.execPath, [main, ...cheap(['synth', 'scans'])]);
  });

  it('the README trains, resumes, evaluates and makes phantoms', () => {
    const cwd = scratch('readme');
    // The README makes its own.
    rmSync(path.join(cwd, 'scans'));
    const ran: string[] = [];
    for (const command of commandsOf('README.md')) {
      const words = ownArguments(command);
      if (words === null || !runnable(words)) continue;
      ran.push(words[0] as string);
      // The first one through npx, as a reader would; the others without its second.
      if (ran.length === 1) execute(cwd, 'npx', ['--no-install', 'nodule-train', ...cheap(words)]);
      else execute(cwd, process.execPath, [main, ...cheap(words)]);
    }
    expect(ran).toEqual(expect.arrayContaining(['train', 'evaluate', 'synth']));
    const [header] = readFileSync(path.join(cwd, 'runs', 'first', 'metrics.csv'), 'utf8').split('\n');
    const described = [...textOf('docs/reference/run-folder.md').matchAll(/^\| ((?:`[\w.]+`(?:, )?)+) \|/gm)].flatMap(
      ([, cell]) => [...(cell as string).matchAll(/`([\w.]+)`/g)].map(([, column]) => column),
    );
    expect(described).toEqual(expect.arrayContaining((header as string).split(',')));
  });

  const others = pages.filter(
    (page) => page !== 'README.md' && commandsOf(page).some((line) => runnable(ownArguments(line) ?? [''])),
  );
  it.each(others)('%s: its commands run in order', (page) => {
    const cwd = scratch(page.replaceAll('/', '-'));
    const model = path.join(folder, 'readme', 'runs', 'first', 'checkpoints', 'best.safetensors');
    symlinkSync(model, path.join(cwd, 'model.safetensors'));
    if (commandsOf(page).some((line) => line.includes('synth scans'))) rmSync(path.join(cwd, 'scans'));
    // A page about a run that it does not train itself.
    if (!commandsOf(page).some((line) => / train --data /.test(line)))
      symlinkSync(path.join(folder, 'readme', 'runs'), path.join(cwd, 'runs'));
    for (const command of commandsOf(page)) {
      const words = ownArguments(command);
      if (words !== null && runnable(words)) execute(cwd, process.execPath, [main, ...cheap(words)]);
    }
  });

  const programs = pages.flatMap((page) =>
    blocksOf(page)
      .filter(({ language, text }) => ['js', 'javascript', 'mjs'].includes(language) && /from 'nodule-train/.test(text))
      .map(({ text, line }) => ({ at: `${page}:${line}`, text })),
  );
  it.each(programs)('the program at $at runs unchanged, with less to train on', ({ at, text }) => {
    const cwd = scratch(at.replace(/[/:]/g, '-'));
    writeFileSync(path.join(cwd, 'program.mjs'), text.replace(/epochs: \d+/, 'epochs: 1, samples: 32, threads: 1'));
    execute(cwd, process.execPath, ['program.mjs']);
  });
});
