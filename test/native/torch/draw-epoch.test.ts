import { describe, expect, it } from 'vitest';
import { fromData, op, scope } from '../../../dist/torch/index.js';

const column = {
  crop: 0,
  row: 1,
  column: 2,
  affine: 3,
  noise: 9,
  key0: 10,
  key1: 11,
  mirror: 12,
  cutFirst: 13,
  cutLast: 14,
};

interface Options {
  positions?: number;
  seed?: number;
  epoch?: number;
  positive?: number[];
  negative?: number[];
  focus?: [number, number];
  negativeShare?: number;
  flip?: boolean;
  flipSlices?: boolean;
  offset?: number;
  scale?: number;
  rotate?: boolean;
  offsetNoOp?: boolean;
  transformBatch?: number;
  hideEdges?: number;
  hardShare?: number;
  hard?: number[];
}

const groups = (starts: number[]) => fromData(BigInt64Array.from(starts, BigInt));

/** Draws of 10 nodules with 3 crops each and 40 crops without a nodule. */
const draw = ({ positions = 256, positive, negative, hard, focus = [48, 48], ...options }: Options = {}): number[][] =>
  scope(() => {
    const starts = positive ?? Array.from({ length: 11 }, (_, i) => 3 * i);
    const empty = negative ?? Array.from({ length: 41 }, (_, i) => 30 + i);
    const foci = fromData(
      Int32Array.from({ length: 140 }, (_, i) => focus[i % 2] as number),
      [70, 2],
    );
    return op('nodule::draw_epoch')(groups(starts), groups(empty), foci, positions, {
      seed: 1,
      epoch: 1,
      rows: 96,
      columns: 96,
      window: 64,
      negativeShare: 0.25,
      flip: true,
      flipSlices: true,
      offset: 0.03,
      scale: 0.2,
      rotate: true,
      noise: 25,
      ...(hard === undefined ? {} : { hardGroups: groups(hard) }),
      ...options,
    }).toArray();
  });

const at = (rows: number[][], place: number) => rows.map((row) => row[place] as number);
// + 0 makes -0 a 0.
const affine = (row: number[]) =>
  row.slice(column.affine, column.affine + 6).map((value) => value + 0) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];

describe('the generator', () => {
  it('gives the published test vectors of Philox4x32-10', () => {
    const counters = [
      [0, 0, 0, 0],
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    ];
    const keys = [
      [0, 0],
      [0xffffffff, 0xffffffff],
      [0xa4093822, 0x299f31d0],
    ];
    const int64 = (rows: number[][]) => fromData(BigInt64Array.from(rows.flat(), BigInt), [3, rows[0]!.length]);
    const words = scope(() => op('nodule::philox4x32_10')(int64(counters), int64(keys)).toArray()) as number[][];
    expect(words.map((row) => row.map((word) => word.toString(16)))).toEqual([
      ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'],
      ['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd'],
      ['d16cfe09', '94fdcceb', '5001e420', '24126ea1'],
    ]);
  });
});

describe('the random numbers of an epoch', () => {
  it('depend on seed, epoch and position, not on their count', () => {
    const whole = draw();
    expect(draw()).toEqual(whole);
    expect(draw({ positions: 17 })).toEqual(whole.slice(0, 17));
    for (const other of [draw({ seed: 2 }), draw({ epoch: 2 }), draw({ seed: 1 + 2 ** 32 })]) {
      expect(at(other, column.crop)).not.toEqual(at(whole, column.crop));
      expect(at(other, column.key0).filter((key, i) => key === whole[i]?.[column.key0])).toHaveLength(0);
    }
  });

  it('show every nodule once before any twice, in another order each round', () => {
    const rows = draw({ negativeShare: 0, positions: 40 });
    const nodules = at(rows, column.crop).map((crop) => Math.floor(crop / 3));
    const rounds = [0, 10, 20, 30].map((from) => nodules.slice(from, from + 10));
    for (const round of rounds) expect([...round].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(rounds.map(String)).size).toBe(4);
    expect(new Set(at(draw({ negativeShare: 0, positions: 400 }), column.crop)).size).toBe(30);
  });

  it('spread crops without a nodule evenly: every 16 have their quarter', () => {
    const negative = at(draw(), column.crop).map((crop) => Number(crop >= 30));
    for (let from = 0; from < 256; from += 16)
      expect(negative.slice(from, from + 16).reduce((sum, value) => sum + value, 0)).toBe(4);
    expect(at(draw({ negativeShare: 0 }), column.crop).every((crop) => crop < 30)).toBe(true);
    expect(at(draw({ negativeShare: 1 }), column.crop).every((crop) => crop >= 30)).toBe(true);
  });

  it('give two samples of one crop in an epoch different windows, transforms and noise', () => {
    const rows = draw({ positive: [0, 1], negativeShare: 0 });
    expect(new Set(rows.map((row) => row.slice(column.affine, column.affine + 6).join())).size).toBe(256);
    expect(new Set(rows.map((row) => `${row[column.key0]},${row[column.key1]}`)).size).toBe(256);
    expect(new Set(rows.map((row) => `${row[column.row]},${row[column.column]}`)).size).toBeGreaterThan(180);
  });

  it('have the specified distributions: windows, mirrors, angles, scales and shifts', () => {
    const rows = draw({ positions: 8192, rotate: false });
    const near = (found: number, wanted: number, deviation: number) =>
      expect(Math.abs(found - wanted)).toBeLessThan((5 * deviation) / Math.sqrt(8192));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    for (const place of [column.row, column.column]) {
      const offsets = at(rows, place);
      expect([Math.min(...offsets), Math.max(...offsets)]).toEqual([0, 32]);
      near(mean(offsets), 16, 9.6);
    }
    near(mean(at(rows, column.mirror)), 0.5, 0.5);
    for (const place of [0, 4]) {
      const entries = rows.map((row) => affine(row)[place] as number);
      near(mean(entries.map((value) => Number(value < 0))), 0.5, 0.5);
      near(mean(entries.map(Math.abs)), 1, 0.2 / Math.sqrt(3));
      expect(Math.min(...entries.map(Math.abs))).toBeGreaterThan(0.8);
      expect(Math.max(...entries.map(Math.abs))).toBeLessThan(1.2);
    }
    for (const place of [2, 5]) {
      const shifts = rows.map((row) => affine(row)[place] as number);
      near(mean(shifts), 0, 0.03 / Math.sqrt(3));
      expect(Math.max(...shifts.map(Math.abs))).toBeLessThan(0.03);
      expect(Math.max(...shifts.map(Math.abs))).toBeGreaterThan(0.029);
    }
    const turned = draw({ positions: 8192, flip: false, scale: 0 }).map(affine);
    for (const [a, b, , d, e] of turned) {
      expect(Math.hypot(a, d)).toBeCloseTo(1, 12);
      expect([d, e]).toEqual([-b, a]);
    }
    const angles = turned.map(([a, , , d]) => Math.atan2(d, a));
    near(mean(angles.map(Math.cos)), 0, Math.SQRT1_2);
    near(mean(angles.map(Math.sin)), 0, Math.SQRT1_2);
    near(mean(angles), 0, Math.PI / Math.sqrt(3));
  });

  it('leave the crop unchanged with everything switched off', () => {
    const off = { flip: false, flipSlices: false, offset: 0, scale: 0, rotate: false };
    for (const row of draw(off)) {
      expect(affine(row)).toEqual([1, 0, 0, 0, 1, 0]);
      expect(row[column.mirror]).toBe(0);
    }
  });

  it("keep points near the scan's edge inside the window", () => {
    for (const [focus, low, high] of [
      [2, 0, 0],
      [30, 0, 14],
      [48, 0, 32],
      [70, 22, 32],
      [95, 32, 32],
    ] as const) {
      const offsets = at(draw({ focus: [focus, 48], positions: 2000 }), column.row);
      expect([Math.min(...offsets), Math.max(...offsets)]).toEqual([low, high]);
    }
  });

  it("repeat the book's faults on request: no offset, one transform for a batch", () => {
    for (const row of draw({ offsetNoOp: true })) expect([affine(row)[2], affine(row)[5]]).toEqual([0, 0]);
    const rows = draw({ transformBatch: 16 });
    expect(new Set(rows.map((row) => affine(row).join())).size).toBe(16);
    for (let i = 0; i < 256; i++) expect(affine(rows[i]!)).toEqual(affine(rows[i - (i % 16)]!));
    expect(new Set(rows.map((row) => `${row[column.row]},${row[column.column]}`)).size).toBeGreaterThan(180);
  });
});

describe('draw_epoch refuses', () => {
  it('inputs it cannot draw from, with the values found', () => {
    expect(() => draw({ positive: [0] })).toThrow(
      'there is no crop with a nodule, but negative_share is 0.25, expected 1',
    );
    expect(() => draw({ negative: [30] })).toThrow(
      'there is no crop without a nodule, but negative_share is 0.25, expected 0',
    );
    expect(() => draw({ positive: [0, 0] })).toThrow(
      'positive_groups has 0 then 0, expected strictly increasing values from 0 to 70',
    );
    expect(() => draw({ positive: [0, 71] })).toThrow(
      'positive_groups has 0 then 71, expected strictly increasing values from 0 to 70',
    );
    expect(() => draw({ scale: 1 })).toThrow('scale is 1, expected at least 0 and below 1');
    expect(() => draw({ negativeShare: Number.NaN })).toThrow('negative_share is nan, expected 0 to 1');
    expect(() => draw({ positions: 0 })).toThrow('positions is 0, expected at least 1');
    expect(() => draw({ focus: [96, 0] })).toThrow('row 0 of focus is (96, 0), outside a plane of 96x96');
  });
});

describe('hard crops', () => {
  const hard = Array.from({ length: 11 }, (_, i) => 60 + i).slice(0, 11);
  const negative = Array.from({ length: 31 }, (_, i) => 30 + i);

  it('make up their share of the crops without a nodule, evenly spread', () => {
    const crops = at(draw({ hard, negative, hardShare: 0.5, negativeShare: 0.5, positions: 320 }), column.crop);
    for (let from = 0; from < 320; from += 16) {
      const batch = crops.slice(from, from + 16);
      expect([batch.filter((crop) => crop < 30).length, batch.filter((crop) => crop >= 60).length]).toEqual([8, 4]);
    }
    expect(new Set(crops.filter((crop) => crop >= 60)).size).toBe(10);
  });

  it('do not change the random numbers if there are none', () => {
    expect(draw({ hard, negative, hardShare: 0 })).toEqual(draw({ negative }));
  });

  it('are refused if requested but missing', () => {
    expect(() => draw({ hardShare: 0.5 })).toThrow('there is no hard crop, but hard_share is 0.5, expected 0');
  });
});

describe('hidden edge slices of a stack', () => {
  it('are none unless requested, and then 0 up to the requested number, equally often on each side', () => {
    expect(draw().every((row) => row[column.cutFirst] === 0 && row[column.cutLast] === 0)).toBe(true);
    const rows = draw({ hideEdges: 3, positions: 4000 });
    for (const side of [column.cutFirst, column.cutLast])
      for (const cut of [0, 1, 2, 3]) {
        const share = rows.filter((row) => row[side] === cut).length / 4000;
        // Four standard deviations of a share of 1/4 among 4000.
        expect(Math.abs(share - 0.25)).toBeLessThan(0.028);
      }
  });

  it('leave all other random numbers unchanged', () => {
    const other = (rows: number[][]) => rows.map((row) => row.slice(0, column.cutFirst));
    expect(other(draw({ hideEdges: 3 }))).toEqual(other(draw()));
  });
});
