import { beforeAll, describe, expect, it } from 'vitest';
import { type BaselineScan, baselineAt, baselineCandidates } from '../../../dist/score/index.js';
import { blockChest } from '../../support/blockChest.js';

const { volume, nodules } = blockChest();

describe('the baseline without learning', () => {
  let scan: BaselineScan;
  beforeAll(() => {
    scan = baselineCandidates(volume, nodules);
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

  it('trades false components for nodules by choosing sizes', () => {
    expect(baselineAt([noisy], 0)).toMatchObject({ found: 2, falsePerScan: 0, cutHu: -500, diameterMm: [3.5, 10] });
    const twin = { ...noisy, candidates: new Map([[-500, [candidate(4), candidate(4, 0), candidate(10, 1)]]]) };
    expect(baselineAt([twin], 0.5)).toMatchObject({ found: 1, falsePerScan: 0 });
    expect(baselineAt([twin], 1)).toMatchObject({ found: 2, falsePerScan: 1 });
  });

  it('counts two components on one nodule once', () => {
    const doubled = { nodules: 1, candidates: new Map([[-500, [candidate(6, 0), candidate(6, 0)]]]) };
    expect(baselineAt([doubled], 0)).toMatchObject({ found: 1, nodules: 1 });
  });

  it('finds nothing if all candidates are false', () => {
    const hopeless = { nodules: 1, candidates: new Map([[-500, [candidate(6)]]]) };
    expect(baselineAt([hopeless], 0.5)).toMatchObject({ found: 0, sensitivity: 0, falsePerScan: 0 });
    expect(baselineAt([], 1)).toMatchObject({ nodules: 0, sensitivity: null });
  });
});
