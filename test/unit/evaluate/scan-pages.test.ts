import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { MAX_PICTURED, nodulesPicture } from '../../../dist/evaluate/segment/pages/nodulesPicture.js';
import { NODULE_COLOURS } from '../../../dist/evaluate/segment/pages/noduleViews.js';
import { scanOverview } from '../../../dist/evaluate/segment/pages/scanOverview.js';
import { scanReport } from '../../../dist/evaluate/segment/pages/scanReport.js';
import type { ScanResult } from '../../../dist/evaluate/segment/scanResult.js';
import type { Matrix3, Volume } from '../../../dist/index.js';
import { buildScanResult } from '../../support/scanResult.mjs';
import { buildVolume } from '../../support/volume.js';

const [slices, rows, columns] = [20, 64, 64];
type Ball = readonly [slice: number, row: number, column: number, radius: number];
const BALLS: Ball[] = [
  [10, 20, 20, 5],
  [12, 44, 40, 3],
  [0, 0, 0, 0],
];
const isIn = (balls: readonly Ball[], s: number, r: number, c: number) =>
  balls.some(([i, j, k, radius]) => (s - i) ** 2 + (r - j) ** 2 + (c - k) ** 2 <= radius ** 2);

/** Balls in lung; the last one is one voxel at the corner of the volume. */
function resultOf(balls: readonly Ball[] = BALLS, changes: Partial<Volume> = {}, own: Partial<ScanResult> = {}) {
  const scan = buildVolume([slices, rows, columns], (s, r, c) => (isIn(balls, s, r, c) ? 30 : -850), {
    spacing: [0.8, 0.8, 2],
    uid: '1.2.3',
    ...changes,
  });
  const mask = new Uint8Array(scan.voxels.length);
  for (let at = 0; at < mask.length; at++)
    mask[at] = isIn(balls, Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns) ? 1 : 0;
  return buildScanResult(scan, mask, own);
}
/** 72 nodules of one voxel and more, all apart. */
const many: Ball[] = Array.from({ length: 72 }, (_, n) => [
  2 + 6 * Math.floor(n / 24),
  6 + 10 * (Math.floor(n / 4) % 6),
  6 + 15 * (n % 4),
  n % 3,
]);

const crowd = resultOf(many);

const countColour = (png: Uint8Array, colour: readonly number[]) => {
  const { data } = decode(png);
  let count = 0;
  for (let at = 0; at < data.length; at += 3)
    if (colour.every((value, channel) => data[at + channel] === value)) count++;
  return count;
};
const picturesOf = (page: string) =>
  [...page.matchAll(/base64,([^"]+)"/g)].map(([, text]) => new Uint8Array(Buffer.from(text!, 'base64')));
const flipped: Matrix3 = [
  [-1, 0, 0],
  [0, -1, 0],
  [0, 0, -1],
];

describe('the picture of nodules', () => {
  it('has a row of three views for each nodule, with outline and axes', () => {
    const two = nodulesPicture(resultOf(BALLS.slice(0, 2)));
    const three = nodulesPicture(resultOf());
    expect(decode(three).height - decode(two).height).toBe(248);
    for (const colour of [NODULE_COLOURS.outline, NODULE_COLOURS.long, NODULE_COLOURS.short])
      expect(countColour(two, colour)).toBeGreaterThan(20);
    expect(countColour(three, NODULE_COLOURS.outline)).toBeGreaterThan(countColour(two, NODULE_COLOURS.outline));
  });

  it('is limited to the highest scores, and has a line that counts the others', () => {
    const rowHigh = 248;
    const crowded = decode(nodulesPicture(crowd));
    expect(crowded.height).toBe(decode(nodulesPicture(resultOf())).height + (MAX_PICTURED - 3) * rowHigh + 24);
  });

  it('shows the middle slice without nodules', () => {
    const empty = nodulesPicture(resultOf([]));
    expect(decode(empty).height).toBeGreaterThan(600);
    expect(countColour(empty, NODULE_COLOURS.outline)).toBe(0);
  });

  it('gives the same bytes again', () => {
    expect(nodulesPicture(resultOf())).toEqual(nodulesPicture(resultOf()));
  });

  it.each<[string, Partial<Volume>]>([
    ['without spacing', { spacing: null }],
    ['that is not in HU', { intensity: 'arbitrary' }],
    ['of one value that is not in HU', { intensity: 'arbitrary', voxels: new Int16Array(slices * rows * columns) }],
    ['of thick slices', { spacing: [0.3, 0.3, 40] }],
    ['of tall pixels', { spacing: [0.3, 5, 1] }],
    ['that is flipped', { direction: flipped }],
    ['with a negative scale', { scale: -1 }],
  ])('works for a scan %s, as the report does', (_, changes) => {
    const result = resultOf(BALLS, changes);
    expect(countColour(nodulesPicture(result), NODULE_COLOURS.outline)).toBeGreaterThan(0);
    const page = scanReport(result);
    expect(page.replaceAll(/base64,[^"]+/g, '')).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(picturesOf(page).length).toBeGreaterThanOrEqual(3 * 3 + 1);
  });
});

describe('the report of a scan', () => {
  const page = scanReport(resultOf(), ['nodules.json', 'seg.dcm']);

  it('says how many nodules, which is the largest, and that it is for research', () => {
    expect(page).toMatch(/<h1>3 nodules .*1\.2\.3/);
    expect(page).toContain('The largest is nodule 1: ');
    expect(page.match(/Research use only, not a medical device/g)).toHaveLength(2);
  });

  it('has a row and a card with three views for each nodule', () => {
    expect(page.match(/<tr><td class="number"><a href="#nodule-\d">/g)).toHaveLength(3);
    const cards = [...page.matchAll(/<section.*?<.section>/gs)].map(([card]) => card);
    expect(cards.map((card) => card.match(/<img alt="Nodule \d, [^"]+"/g)?.length)).toEqual([3, 3, 3]);
    expect(cards[0]).toContain('axial, slice 10');
    expect(cards[0]).toContain('coronal, row 20');
    expect(cards[0]).toContain('sagittal, column 20');
  });

  it('rounds the mean of the axes to whole mm', () => {
    const { nodules, ...rest } = resultOf();
    const sized = nodules.map((nodule) => ({ ...nodule, longAxisMm: 6.4, shortAxisMm: 4.7 }));
    expect(scanReport({ ...rest, nodules: sized })).toMatch(/<dt>mean of axes<.dt><dd>6 mm<.dd>/);
  });

  it('is self-contained and has no script; links lead to files beside it', () => {
    expect(page).not.toMatch(/https?:|<script|<link|url\(|@import|javascript:/i);
    const targets = [...page.matchAll(/(?:href|src)="([^"]{1,30})/g)].map(([, target]) => target!);
    for (const target of targets) expect(target).toMatch(/^(#nodule-\d|\.\/[\w.]+|data:image\/png)/);
    expect(page).toContain('<a href="./seg.dcm">seg.dcm</a>');
  });

  it('escapes every name and never shows the folder of the source', () => {
    const evil = `<img src=x onerror="a('&')">`;
    const own: Partial<ScanResult> = { source: { path: `/home/DOE^JANE/${evil}`, series: evil }, notes: [evil] };
    const result = resultOf(BALLS, { uid: evil }, own);
    const models = [{ name: `/models/of/somebody/${evil}`, sha256: 'ab' }];
    const options = { [evil]: evil, labels: '/data/DOE^JANE/x' };
    const text = scanReport({ ...result, provenance: { ...result.provenance, models, options } }, [
      evil,
      'javascript:1',
    ]);
    expect(text).not.toContain('<img src=x');
    expect(text).toContain('&#60;img src=x onerror=&#34;a(&#39;&#38;&#39;)&#34;&#62;');
    expect(text).not.toMatch(/DOE|\/home|\/models|\/data|href="javascript/);
  });

  it('says so without nodules', () => {
    const empty = scanReport(resultOf([]));
    expect(empty).toMatch(/<h1>No nodules /);
    expect(empty).toContain('The model found nothing above its operating point.');
    expect(empty).not.toContain('<section');
    expect(empty).toContain('axial, slice 10');
  });

  it('shows 20 of many nodules with pictures, and all in the table', () => {
    const crowded = scanReport(crowd);
    expect(crowded.match(/<section/g)).toHaveLength(20);
    expect(crowded).toContain('52 nodules with lower scores have no pictures here.');
    expect(crowded.match(/<tr><td class="number">/g)).toHaveLength(72);
  });

  it('gives the same bytes again', () => expect(scanReport(resultOf())).toBe(scanReport(resultOf())));

  it('gives notes, provenance and unknown values', () => {
    const own = { notes: ['The spacing is unknown.'] };
    const text = scanReport(resultOf(BALLS, { spacing: null, intensity: 'arbitrary' }, own));
    expect(text).toContain('<li>The spacing is unknown.</li>');
    expect(text).toContain('minimumVoxels 10');
    expect(text).toContain('unknown spacing');
    expect(text).toMatch(/<dt>pleura<.dt><dd>unknown<.dd>/);
    expect(text).toContain('slice 10');
    expect(text).not.toContain('axial');
  });
});

describe('the overview of a scan', () => {
  it('marks each nodule where it is, in a flipped scan at the mirrored array place', () => {
    const at = (direction?: Matrix3) => {
      const { scan, nodules } = resultOf(BALLS.slice(0, 1), direction === undefined ? {} : { direction });
      return scanOverview(scan, nodules, [200, 200]).map(({ name, image, marks: [mark] }) => ({
        name,
        x: mark!.x / image.width,
        y: mark!.y / image.height,
      }));
    };
    const [coronal, sagittal] = at();
    expect([coronal!.name, sagittal!.name]).toEqual(['coronal', 'sagittal']);
    expect(coronal!.x).toBeCloseTo(20.5 / 64);
    expect(coronal!.y).toBeCloseTo(1 - 10.5 / 20, 1);
    const [mirrored] = at(flipped);
    expect(mirrored!.x).toBeCloseTo(1 - coronal!.x);
    expect(mirrored!.y).toBeCloseTo(1 - coronal!.y, 1);
  });

  it('keeps numbers inside the picture and apart, and drops those without room', () => {
    const { scan, nodules } = crowd;
    for (const { image, marks } of scanOverview(scan, nodules, [200, 200])) {
      const placed = marks.flatMap(({ label }) => (label === null ? [] : [label]));
      expect(placed.length).toBeLessThan(marks.length);
      for (const { x, y } of placed) expect(x >= 0 && y >= 7 && x <= image.width && y <= image.height - 7).toBe(true);
      expect(new Set(placed.map(({ x, y }) => `${x} ${y}`)).size).toBe(placed.length);
    }
  });

  it('looks along the slices of a scan that has few', () => {
    const scan = buildVolume([1, 40, 40], -800);
    expect(scanOverview(scan, [], [200, 200]).map(({ name }) => name)).toEqual(['axial']);
  });
});
