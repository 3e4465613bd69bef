import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..', '..');
const script = path.join(root, 'scripts', 'figures', 'segmentation-pictures.mjs');
const page = path.join(root, 'docs', 'explanation', 'segmentation.md');
const committed = path.join(root, 'docs', 'explanation', 'pictures');
const drawn = mkdtempSync(path.join(tmpdir(), 'nodule-train-pictures-'));
afterAll(() => rmSync(drawn, { recursive: true, force: true }));

const names = ['box-search.svg', 'dice.svg', 'kinds-of-segmentation.png', 'unet.svg'];
const stale = 'stale: run `node scripts/figures/segmentation-pictures.mjs` and look at the result';

describe('pictures of docs/explanation/segmentation.md', () => {
  beforeAll(() => {
    const { status, stderr } = spawnSync(process.execPath, [script, drawn], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  }, 120_000);

  it('the script draws the four, and nothing else', () => {
    expect(readdirSync(drawn).sort()).toEqual(names);
  });

  it.each(names.filter((name) => name.endsWith('.svg')))('%s equals its drawing byte for byte', (name) => {
    const equal = readFileSync(path.join(committed, name)).equals(readFileSync(path.join(drawn, name)));
    expect(equal, `${name} is ${stale}`).toBe(true);
  });

  it.each(names.filter((name) => name.endsWith('.png')))('%s equals its drawing pixel for pixel', (name) => {
    const [old, now] = [committed, drawn].map((folder) => decode(readFileSync(path.join(folder, name))));
    expect([now!.width, now!.height, now!.channels]).toEqual([old!.width, old!.height, old!.channels]);
    expect(Buffer.compare(Buffer.from(now!.data), Buffer.from(old!.data)), `${name} is ${stale}`).toBe(0);
  });

  it.each(names)('%s is shown on the page and smaller than 200 KB', (name) => {
    expect(readFileSync(page, 'utf8')).toContain(`](pictures/${name})`);
    expect(statSync(path.join(committed, name)).size).toBeLessThan(200_000);
  });
});
