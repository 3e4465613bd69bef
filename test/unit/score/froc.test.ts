import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { worldLPS } from '../../../dist/ct/index.js';
import { computeFroc, type Froc, type FrocScan } from '../../../dist/score/index.js';
import { inSupport } from '../../support/paths.js';
import { pythonInterpreter } from '../../support/python.js';
import { random } from '../../support/random.js';

type Row = readonly [x: number, y: number, z: number, last: number | null];

/** A scan; nodules and findings are [x, y, z, diameter], marks [x, y, z, probability]. */
const scan = (uid: string, { nodules = [], excluded = [], marks = [] }: Partial<Record<string, Row[]>>): FrocScan => {
  const sphere = ([x, y, z, diameterMm]: Row) => ({ center: worldLPS(x, y, z), diameterMm });
  return {
    uid,
    nodules: nodules.map(sphere),
    excluded: excluded.map(sphere),
    marks: marks.map(([x, y, z, probability]) => ({ center: worldLPS(x, y, z), probability: probability! })),
  };
};
const points = ({ curve }: Froc) => curve.map((point) => [point.threshold, point.falsePerScan, point.sensitivity]);
const shares = ({ sensitivities }: Froc) => sensitivities.map(({ sensitivity }) => sensitivity);

describe('the FROC by hand', () => {
  it('counts the best mark on a nodule, and interpolates between operating points', () => {
    const result = computeFroc([
      scan('a', {
        nodules: [
          [0, 0, 0, 8],
          [50, 0, 0, 8],
        ],
        // 0.9 and 0.7 on the first nodule, 0.8 and 0.3 on nothing, 0.5 on the second.
        marks: [
          [1, 0, 0, 0.7],
          [0, 2, 0, 0.9],
          [99, 0, 0, 0.8],
          [50, 1, 1, 0.5],
          [-99, 0, 0, 0.3],
        ],
      }),
      scan('b', { nodules: [[0, 0, 0, 6]], marks: [[9, 9, 9, 0.6]] }),
    ]);
    expect(points(result)).toEqual([
      [0.9, 0, 1 / 3],
      [0.8, 0.5, 1 / 3],
      [0.6, 1, 1 / 3],
      [0.5, 1, 2 / 3],
      [0.3, 1.5, 2 / 3],
    ]);
    // At 1 the higher of two points counts; from 1.5 on the curve is flat.
    expect(shares(result)).toEqual([1 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3, 2 / 3]);
    expect(result.cpm).toBeCloseTo((3 / 3 + 8 / 3) / 7, 12);
    expect(result).toMatchObject({ scans: 2, nodules: 3, found: 2 });
    expect(result.marks).toEqual({ total: 6, beyondMaximum: 0, onNodules: 3, onExcluded: 0, falsePositives: 3 });
    expect(result.best.map(({ uid, probability }) => [uid, probability])).toEqual([
      ['a', 0.9],
      ['a', 0.5],
      ['b', null],
    ]);
  });

  it('interpolates where a nodule and a false positive share a probability', () => {
    const result = computeFroc([
      scan('a', {
        nodules: [[0, 0, 0, 8]],
        marks: [
          [0, 0, 0, 0.5],
          [99, 0, 0, 0.5],
        ],
      }),
    ]);
    expect(points(result)).toEqual([[0.5, 1, 1]]);
    expect(shares(result)).toEqual([0.125, 0.25, 0.5, 1, 1, 1, 1]);
  });

  it('hits only inside the radius, and takes 10 mm for an unknown diameter', () => {
    const at = (x: number, diameter: number | null) =>
      computeFroc([scan('a', { nodules: [[0, 0, 0, diameter]], marks: [[x, 0, 0, 1]] })]).found;
    expect([at(3.999, 8), at(4, 8), at(-4, 8), at(4.999, null), at(5, null)]).toEqual([1, 0, 0, 1, 0]);
  });

  it('ignores marks on excluded findings, unless they hit a nodule', () => {
    const excluded: Row[] = [[0, 0, 0, null]];
    const marks: Row[] = [
      [4, 0, 0, 0.4],
      [0, 0, 0, 0.9],
    ];
    const without = computeFroc([scan('a', { nodules: [[6, 0, 0, 6]], marks })]);
    const result = computeFroc([scan('a', { nodules: [[6, 0, 0, 6]], excluded, marks })]);
    expect(without.marks).toMatchObject({ onNodules: 1, onExcluded: 0, falsePositives: 1 });
    expect(result.marks).toMatchObject({ onNodules: 1, onExcluded: 1, falsePositives: 0 });
    expect(points(result)).toEqual([[0.4, 0, 1]]);
  });

  it('counts a mark in two nodules for both', () => {
    const nodules: Row[] = [
      [0, 0, 0, 10],
      [4, 0, 0, 10],
    ];
    expect(computeFroc([scan('a', { nodules, marks: [[2, 0, 0, 1]] })])).toMatchObject({ found: 2, cpm: 1 });
  });

  it('keeps the most probable marks of a scan, and none of those that tie at the limit', () => {
    const marks = [0.9, 0.5, 0.5, 0.1].map((probability, n): Row => [99 + n, 0, 0, probability]);
    const kept = (maximumMarks: number) =>
      computeFroc([scan('a', { nodules: [[0, 0, 0, 4]], marks })], { maximumMarks }).marks;
    expect(kept(3)).toMatchObject({ beyondMaximum: 1, falsePositives: 3 });
    expect(kept(2)).toMatchObject({ beyondMaximum: 3, falsePositives: 1 });
    expect(kept(1)).toMatchObject({ beyondMaximum: 3, falsePositives: 1 });
    expect(kept(0)).toMatchObject({ beyondMaximum: 0, falsePositives: 4 });
  });

  it('counts scans without marks', () => {
    const full = scan('a', { nodules: [[0, 0, 0, 4]], marks: [[9, 0, 0, 1]] });
    expect(points(computeFroc([full, scan('b', {}), scan('c', {}), scan('d', {})]))).toEqual([[1, 0.25, 0]]);
  });

  it('is 0 without marks, and unknown without nodules', () => {
    const nothing = computeFroc([scan('a', { nodules: [[0, 0, 0, 4]] })]);
    expect([shares(nothing), nothing.cpm, points(nothing)]).toEqual([Array(7).fill(0), 0, []]);
    const clear = computeFroc([scan('a', { marks: [[0, 0, 0, 0.5]] })]);
    expect([shares(clear), clear.cpm, points(clear)]).toEqual([Array(7).fill(null), null, [[0.5, 1, null]]]);
    expect(clear.noInterval).toBe('there are no nodules');
  });

  it('has an interval from ten scans on', () => {
    const scans = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        scan(`${n}`, { nodules: [[0, 0, 0, 4]], marks: [[n % 2 ? 0 : 9, 0, 0, 0.5]] }),
      );
    const few = computeFroc(scans(9));
    expect([few.cpmInterval, few.band, few.sensitivities[0]!.interval]).toEqual([null, null, null]);
    expect(few.noInterval).toBe('intervals need at least 10 scans, and there are 9');
    const enough = computeFroc(scans(10));
    expect(enough.noInterval).toBeNull();
    expect(enough.cpmInterval!.low).toBeLessThan(enough.cpm!);
    expect(enough.cpmInterval!.high).toBeGreaterThan(enough.cpm!);
    expect(enough.band).toHaveLength(97);
    expect(enough.band![48]).toEqual({ falsePerScan: 1, ...enough.sensitivities[3]!.interval });
    const seeded = (seed: number) => computeFroc(scans(10), { seed, bootstraps: 5 }).cpmInterval;
    expect(seeded(1)).toEqual(seeded(1));
    expect(seeded(1)).not.toEqual(seeded(2));
  });

  it('is perfect where every nodule is marked and nothing else', () => {
    const scans = Array.from({ length: 10 }, (_, n) =>
      scan(`${n}`, { nodules: [[0, 0, 0, 4]], marks: [[0, 0, 0, 0.5]] }),
    );
    expect(computeFroc(scans)).toMatchObject({ cpm: 1, cpmInterval: { low: 1, high: 1 } });
  });

  it.each([
    ['no scans', [], {}],
    ['scan a twice', [scan('a', {}), scan('a', {})], {}],
    ['a mark of scan a at 0, 0, 0 with probability NaN', [scan('a', { marks: [[0, 0, 0, Number.NaN]] })], {}],
    ['a mark of scan a at Infinity, 0, 0', [scan('a', { marks: [[Number.POSITIVE_INFINITY, 0, 0, 1]] })], {}],
    ['a nodule of scan a at 0, 0, 0 with diameter 0', [scan('a', { nodules: [[0, 0, 0, 0]] })], {}],
    ['maximumMarks -1', [scan('a', {})], { maximumMarks: -1 }],
    ['bootstraps 0', [scan('a', {})], { bootstraps: 0 }],
  ])('refuses %s', (found, scans, options) => {
    expect(() => computeFroc(scans, options)).toThrow(`computing the FROC: found ${found}`);
  });

  it('scores 888 scans of 100 marks in seconds', () => {
    const draw = random(5);
    const place = (): Row => [draw() * 300, draw() * 300, draw() * 300, draw()];
    const scans = Array.from({ length: 888 }, (_, n) =>
      scan(`${n}`, { nodules: n % 4 ? [[150, 150, 150, 40]] : [], marks: Array.from({ length: 100 }, place) }),
    );
    const start = performance.now();
    const result = computeFroc(scans);
    expect(result.marks.total).toBe(88_800);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

/** Random lists with ties, duplicates, marks on several nodules, excluded findings, empty scans and lists. */
function randomCase(seed: number) {
  const draw = random(seed);
  const below = (count: number) => Math.floor(draw() * count);
  const coarse = seed % 3 === 0;
  // Whole millimetres put marks exactly on the radius, one digit makes ties.
  const place = () => (coarse ? below(24) : draw() * 24);
  const probability = () => (seed % 2 ? draw() : below(8) / 8);
  const count = [1, 3, 12, 25][seed % 4]!;
  const scans = Array.from({ length: count }, (_, n) => {
    const sphere = (): Row => [place(), place(), place(), below(4) === 0 ? null : 2 + below(10)];
    const marks = Array.from(
      { length: seed % 7 === 0 ? 0 : below(30) },
      (): Row => [place(), place(), place(), probability()],
    );
    const repeated = marks.slice(0, below(4));
    return {
      uid: `${n}`,
      nodules: Array.from({ length: seed % 5 === 0 ? 0 : below(4) }, sphere),
      excluded: Array.from({ length: below(3) }, sphere),
      marks: [...marks, ...repeated],
    };
  });
  return { scans, maximum: [0, 5, 100][below(3)]!, bootstraps: 50, seed };
}

const python = pythonInterpreter();

describe.skipIf(python === null)('the FROC of a second implementation (skipped without `npm run python`)', () => {
  it('has the same operating points, sensitivities and intervals on random lists', () => {
    const cases = Array.from({ length: 120 }, (_, n) => randomCase(n + 1));
    const lines = execFileSync(python as string, [inSupport('froc.py')], {
      input: JSON.stringify(cases),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const peers = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(peers).toHaveLength(cases.length);
    const kinds = { ties: 0, excluded: 0, noNodules: 0, noMarks: 0, intervals: 0, beyond: 0 };
    for (const [n, { scans, maximum, bootstraps, seed }] of cases.entries()) {
      const ours = computeFroc(
        scans.map(({ uid, ...lists }) => scan(uid, lists)),
        { maximumMarks: maximum, bootstraps, seed },
      );
      const near = (a: unknown, b: unknown, what: string) => {
        const [left, right] = [[a].flat(9), [b].flat(9)] as (number | null)[][];
        expect(left!.length, `case ${n}, ${what}`).toBe(right!.length);
        for (const [k, value] of left!.entries())
          if (value === null || right![k] === null) expect(value, `case ${n}, ${what}`).toBe(right![k]);
          else expect(Math.abs(value - right![k]!), `case ${n}, ${what} ${k}`).toBeLessThan(1e-6);
      };
      const peer = peers[n];
      near(points(ours), peer.curve, 'curve');
      near(shares(ours), peer.sensitivities, 'sensitivities');
      near(ours.cpm, peer.cpm, 'CPM');
      expect([ours.found, ours.marks.falsePositives]).toEqual([peer.found, peer.falsePositives]);
      const bounds = (interval: Froc['cpmInterval']) => interval && [interval.low, interval.high];
      const intervals = [...ours.sensitivities.map(({ interval }) => interval), ours.cpmInterval].map(bounds);
      if (peer.intervals === null) expect(ours.noInterval).not.toBeNull();
      else near(intervals, peer.intervals, 'intervals');
      kinds.ties += Number(ours.curve.length < ours.found + ours.marks.falsePositives);
      kinds.excluded += Number(ours.marks.onExcluded > 0);
      kinds.noNodules += Number(ours.nodules === 0);
      kinds.noMarks += Number(ours.marks.total === 0);
      kinds.intervals += Number(peer.intervals !== null);
      kinds.beyond += Number(ours.marks.beyondMaximum > 0);
    }
    for (const [kind, count] of Object.entries(kinds)) expect(count, `cases with ${kind}`).toBeGreaterThan(3);
  });
});
