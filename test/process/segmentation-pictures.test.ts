import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import { inRoot } from '../support/paths.js';
import { scratchFolder } from '../support/scratch.js';

const script = inRoot('scripts', 'figures', 'segmentation-pictures.mjs');
const page = inRoot('docs', 'explanation', 'segmentation.md');
const committed = inRoot('docs', 'explanation', 'pictures');
const drawn = scratchFolder('pictures');

const names = ['box-search.svg', 'dice.svg', 'kinds-of-segmentation.png', 'unet.svg'];
const stale = 'stale: run `node scripts/figures/segmentation-pictures.mjs` and look at the result';

describe('pictures of docs/explanation/segmentation.md', () => {
  beforeAll(() => {
    const { status, stderr } = spawnSync(process.execPath, [script, drawn], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  }, 120_000);

  it('the script draws these four and nothing else', () => {
    expect(readdirSync(drawn).sort()).toEqual(names);
  });

  it.each(names.filter((name) => name.endsWith('.svg')))('%s is up to date, byte for byte', (name) => {
    const equal = readFileSync(path.join(committed, name)).equals(readFileSync(path.join(drawn, name)));
    expect(equal, `${name} is ${stale}`).toBe(true);
  });

  it.each(names.filter((name) => name.endsWith('.png')))('%s is up to date, pixel for pixel', (name) => {
    const [old, now] = [committed, drawn].map((folder) => decode(readFileSync(path.join(folder, name))));
    expect([now!.width, now!.height, now!.channels]).toEqual([old!.width, old!.height, old!.channels]);
    expect(Buffer.compare(Buffer.from(now!.data), Buffer.from(old!.data)), `${name} is ${stale}`).toBe(0);
  });

  it.each(names)('%s is shown on the page and smaller than 200 KB', (name) => {
    expect(readFileSync(page, 'utf8')).toContain(`](pictures/${name})`);
    expect(statSync(path.join(committed, name)).size).toBeLessThan(200_000);
  });
});
