import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { inDist } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

const folder = scratchFolder('bundled');

/** Runs the code that reads the package's version as a bundler leaves it: elsewhere, as a module or as CommonJS. */
const moved = (...place: string[]) => {
  const file = path.join(folder, ...place);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const [error, versions] = ['error.js', 'versions.js'].map((name) =>
    fs.readFileSync(inDist('runtime', name), 'utf8').replace(/^import .*error\.js.*$/m, ''),
  );
  const code = `${error}\n${versions}`;
  const text = file.endsWith('.cjs')
    ? code
        .replaceAll(/^export /gm, '')
        .replace("import fs from 'node:fs';", "const fs = require('node:fs');")
        .replaceAll('import.meta.url', '({}).url')
    : code;
  fs.writeFileSync(file, text);
  return spawnSync(process.execPath, [file], { encoding: 'utf8' }).stderr;
};

const told = /NoduleTrainError: loading nodule-train: its package\.json is not at .*Leave the package external/;

it('a bundle that contains the package says so at once', () => {
  expect(moved('module.mjs')).toMatch(told);
  expect(moved('common.cjs')).toMatch(told);
  // The package.json found there is of another package.
  fs.writeFileSync(path.join(folder, 'package.json'), '{"name": "service", "version": "1.0.0"}');
  const wrong = moved('a', 'b', 'module.mjs');
  expect(wrong).toMatch(told);
  expect(wrong).toContain("code: 'bundled'");
});
