import { beforeAll, describe, expect, it } from 'vitest';
import { identityDirection, type Volume } from '../../dist/ct/index.js';
import { type BaselineScan, baselineAt, baselineCandidates, lungMask } from '../../dist/score/index.js';

const shape = [10, 60, 80] as const;
const nodules = [
  { centerIRC: [5, 30, 25] as const, diameterMm: 10 },
  { centerIRC: [5, 25, 8] as const, diameterMm: 8 },
];

/** A block of soft tissue in air with two air-filled lungs and a bowel; one nodule lies free, one at the outer wall. */
function chest(): Volume {
  const voxels = new Int16Array(shape[0] * shape[1] * shape[2]).fill(-1000);
  const box = (hu: number, [i0, i1]: number[], [r0, r1]: number[], [c0, c1]: number[]) => {
    for (let i = i0!; i < i1!; i++)
      for (let r = r0!; r < r1!; r++) voxels.fill(hu, (i * 60 + r) * 80 + c0!, (i * 60 + r) * 80 + c1!);
  };
  box(40, [0, 10], [2, 58], [2, 78]);
  box(-850, [1, 9], [8, 52], [6, 36]);
  box(-850, [1, 9], [8, 52], [44, 74]);
  box(-900, [4, 6], [53, 55], [38, 42]);
  for (const { centerIRC, diameterMm } of nodules) {
    for (let v = 0; v < voxels.length; v++) {
      const [i, r, c] = [Math.floor(v / 4800), Math.floor(v / 80) % 60, v % 80] as [number, number, number];
      const squared = ((i - centerIRC[0]) * 2) ** 2 + (r - centerIRC[1]) ** 2 + (c - centerIRC[2]) ** 2;
      if (squared <= (diameterMm / 2) ** 2) voxels[v] = 40;
    }
  }
  return {
    voxels,
    intensity: 'hu',
    shape,
    spacing: [1, 1, 2],
    origin: [0, 0, 0],
    direction: identityDirection,
    uid: 'chest',
    scale: 1,
    offset: 0,
  };
}

describe('the lung mask', () => {
  const volume = chest();
  const mask = lungMask(volume);
  const at = (i: number, r: number, c: number) => mask[(i * 60 + r) * 80 + c];

  it('has both lungs, and neither the wall, the air outside nor the bowel', () => {
    expect([at(5, 45, 20), at(5, 45, 60)]).toEqual([1, 1]);
    expect([at(5, 45, 4), at(5, 0, 0), at(5, 54, 40), at(0, 30, 20)]).toEqual([0, 0, 0, 0]);
  });
  it('takes in a nodule within a lung and one that sits on its wall', () => {
    expect([at(5, 30, 25), at(5, 25, 8)]).toEqual([1, 1]);
  });
  it('is empty where there is no air inside', () => {
    expect(lungMask({ ...volume, voxels: new Int16Array(mask.length).fill(40) }).includes(1)).toBe(false);
  });
  it('reads HU through scale and offset', () => {
    const stored = { ...volume, voxels: volume.voxels.map((hu) => (hu + 1000) / 2), scale: 2, offset: -1000 };
    expect(lungMask(stored)).toEqual(mask);
  });
});

describe('the baseline without learning', () => {
  let scan: BaselineScan;
  beforeAll(() => {
    scan = baselineCandidates(chest(), nodules);
  });

  it('finds both nodules of a chest without vessels', () => {
    expect(baselineAt([scan], 0)).toMatchObject({ found: 2, sensitivity: 1, falsePerScan: 0 });
  });

  const candidate = (diameterMm: number, ...found: number[]) => ({ diameterMm, nodules: found });
  const noisy: BaselineScan = {
    nodules: 2,
    candidates: new Map([
      [-500, [candidate(3), candidate(3), candidate(4, 0), candidate(10, 1), candidate(50)]],
      [-200, [candidate(5, 0), candidate(5), candidate(3)]],
    ]),
  };

  it('trades false components for nodules by its sizes', () => {
    expect(baselineAt([noisy], 0)).toMatchObject({ found: 2, falsePerScan: 0, cutHu: -500, diameterMm: [3.5, 10] });
    const twin = { ...noisy, candidates: new Map([[-500, [candidate(4), candidate(4, 0), candidate(10, 1)]]]) };
    expect(baselineAt([twin], 0.5)).toMatchObject({ found: 1, falsePerScan: 0 });
    expect(baselineAt([twin], 1)).toMatchObject({ found: 2, falsePerScan: 1 });
  });

  it('counts two components on one nodule once', () => {
    const doubled = { nodules: 1, candidates: new Map([[-500, [candidate(6, 0), candidate(6, 0)]]]) };
    expect(baselineAt([doubled], 0)).toMatchObject({ found: 1, nodules: 1 });
  });

  it('finds nothing where all it could take is false, and says so', () => {
    const hopeless = { nodules: 1, candidates: new Map([[-500, [candidate(6)]]]) };
    expect(baselineAt([hopeless], 0.5)).toMatchObject({ found: 0, sensitivity: 0, falsePerScan: 0 });
    expect(baselineAt([], 1)).toMatchObject({ nodules: 0, sensitivity: null });
  });
});
