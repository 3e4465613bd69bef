import { beforeAll, describe, expect, it } from 'vitest';
import { readVolume } from '../../dist/ct/index.js';
import { type Evaluation, evaluate } from '../../dist/evaluate/evaluate.js';
import { openModel } from '../../dist/model/openModel.js';
import type { ScanModel } from '../../dist/model/scanModel.js';
import { scanProbabilities } from '../../dist/model/scanProbabilities.js';
import { bookCandidates } from '../../dist/score/index.js';
import { bookOnPhantom, CLINICAL_GRID } from '../../scripts/figures/phantomMeasures.mjs';
import { sharedData } from '../support/shared.js';

const name = 'seg_2020-01-26_19.45.12_w4d3c1-bal_1_nodupe-label_pos-d1_fn8-adam.best.state_dict.pt';
const file = sharedData('book-models', name);
const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;

describe.skipIf(file === null)(
  "the book's model of 2020, with the book's grouping (skipped without ../shared/data)",
  () => {
    let model: ScanModel;
    beforeAll(() => {
      model = openModel(file as string, 'cpu', { pooling: 'avg', input: 'hu-clip' }).model;
    });

    it.each([
      ['subset0', '1.3.6.1.4.1.14519.5.2.1.6279.6001.170706757615202213033480003264', 604, 343_012],
      ['subset1', '1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192', 674, 447_768],
    ])("finds the book's candidates on the real scan of %s", async (subset, uid, candidates, voxels) => {
      const volume = await readVolume(sharedData('luna16', subset, `${uid}.mhd`) as string);
      const probabilities = await scanProbabilities(volume, model, { region: 'all' });
      const seen = bookCandidates(volume, probabilities, 0.5).components.length;
      console.log(`${uid}: ${seen} candidates`);
      // Voxels within 1e-4 of one half may fall on either side (14 in a scan).
      const above = probabilities.reduce((sum, probability) => sum + Number(probability > 0.5), 0);
      expect(Math.abs(above - voxels)).toBeLessThanOrEqual(14);
      expect(Math.abs(seen - candidates)).toBeLessThanOrEqual(2);
    });

    it('finds the four nodules of the real scans, with the fixed grouping none lower than with its own', async () => {
      const options = { data: sharedData('luna16') as string, model: file as string, device: 'cpu' };
      const book = { ...options, pooling: 'avg', input: 'hu-clip', threshold: 0.5, minimumVoxels: 1 } as const;
      const seen = await evaluate({ ...book, region: 'all', compat: { erodeFirst: true, looseMatching: true } });
      const fixed = await evaluate(book);
      const ranks = ({ perNodule }: Evaluation) => perNodule.map(({ rankBySize }) => rankBySize as number);
      console.log('by size', ranks(seen), ranks(fixed));
      expect([seen.found, fixed.found]).toEqual([4, 4]);
      expect(ranks(seen).sort((a, b) => a - b)).toEqual([9, 11, 37, 82]);
      for (const [n, nodule] of fixed.perNodule.entries())
        expect(nodule.rankBySize).toBeLessThanOrEqual(seen.perNodule[n]!.rankBySize as number);
    });

    it('finds 70 % of the solid phantom nodules from 6 mm, with 200 to 1,500 candidates and Dice over 0.4', async () => {
      const seen = [];
      for (let seed = 5000; seed < 5005; seed++)
        seen.push(await bookOnPhantom(model, { level: 'standard', nodules: 8, seed, ...CLINICAL_GRID }));
      for (const { candidates } of seen) {
        expect(candidates).toBeGreaterThanOrEqual(200);
        expect(candidates).toBeLessThanOrEqual(1500);
      }
      const solid = seen
        .flatMap(({ nodules }) => nodules)
        .filter(({ kind, diameterMm }) => kind === 'solid' && diameterMm >= 6);
      const found = solid.filter((nodule) => nodule.found);
      console.log(
        `${found.length} of ${solid.length} found, Dice ${mean(found.map(({ diceNear }) => diceNear)).toFixed(2)}`,
      );
      expect(solid.length).toBeGreaterThanOrEqual(20);
      // The goal of 80 % is missed because of nodules on vessels (docs/records/phantoms.md).
      expect(found.length / solid.length).toBeGreaterThanOrEqual(0.7);
      expect(mean(found.map(({ diceNear }) => diceNear))).toBeGreaterThan(0.4);
    });
  },
);
