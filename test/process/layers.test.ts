import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..', '..');
const { layerFaults } = (await import(path.join(root, 'scripts', 'dev', 'layers.mjs'))) as {
  layerFaults(root: string): Promise<string[]>;
};

let copy: string;
/** Copies of the sources and the compiled modules that a test may spoil. */
beforeAll(() => {
  copy = fs.mkdtempSync(path.join(os.tmpdir(), 'nodule-train-layers-'));
  for (const folder of ['src', 'dist'])
    fs.cpSync(path.join(root, folder), path.join(copy, folder), { recursive: true });
});
afterAll(() => fs.rmSync(copy, { recursive: true }));

const prepend = (file: string, line: string) => {
  const target = path.join(copy, file);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  const text = fs.existsSync(target) ? fs.readFileSync(target, 'utf8') : '';
  fs.writeFileSync(target, `${line}\n${text}`);
};

describe('lint of the layers', () => {
  it('finds nothing in this project', async () => {
    expect(await layerFaults(copy)).toEqual([]);
  }, 60_000);

  it('finds each planted violation, in types too', async () => {
    prepend('src/score/dice.ts', "import { train } from '../train/index.js';\nexport const planted = train;");
    prepend(
      'src/labels/annotations.ts',
      "import type { Dataset } from '../data/index.js';\nexport type Planted = Dataset;",
    );
    prepend('src/ct/median.ts', "import { dice } from '../index.js';\nexport const planted = dice;");
    prepend('src/data/dataset.ts', "import { dot } from '../ct/grid/matrix3.js';\nexport const planted = dot;");
    prepend('src/evaluate/figures.ts', "import type { Step } from '../train/step.js';\nexport type Planted = Step;");
    prepend('src/model/readWeights.ts', "import { openModel } from './index.js';\nexport const planted = openModel;");
    prepend('src/phantom/nobody.ts', 'export const planted = 1;');
    prepend(
      'src/helpers/planted.ts',
      "import { NoduleTrainError } from '../runtime/index.js';\nexport const planted = NoduleTrainError;",
    );
    prepend('dist/score/dice.js', "import './matching.js';");

    const faults = await layerFaults(copy);
    for (const expected of [
      'src/score/dice.ts: imports src/train/index.ts (layer above: a layer imports only those below it)',
      'src/labels/annotations.ts: imports src/data/index.ts (layer above: a layer imports only those below it)',
      'src/ct/median.ts: imports src/index.ts (layer above: a layer imports only those below it)',
      'src/data/dataset.ts: imports src/ct/grid/matrix3.ts (facade: another layer is imported only through its index)',
      'src/evaluate/figures.ts: imports src/train/step.ts (facade: another layer is imported only through its index)',
      'src/model/readWeights.ts: imports src/model/index.ts (own facade: inside a layer its files import each other directly)',
      'src/phantom/nobody.ts (unused module: nothing that can be started or imported by users reaches this module)',
      'src/helpers/planted.ts: imports src/runtime/index.js (known layer: src/ holds the layers of docs/explanation/architecture.md and index.ts, nothing else)',
    ])
      expect(faults).toContain(expected);
    expect(faults.filter((fault) => fault.startsWith('dist/score/'))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^dist\/score\/dice\.js: cycle at run time: .*matching\.js/)]),
    );
  }, 60_000);
});
