import { describe, expect, it } from 'vitest';
import { falsePositives } from '../../../dist/evaluate/mineFalsePositives.js';
import { buildVolume } from '../../support/volume.js';

const shape = [6, 20, 20] as const;
const size = shape[0] * shape[1] * shape[2];
const volume = buildVolume(shape, 0, { spacing: [0.5, 0.7, 2], origin: [-10, 20, 5], uid: 'a' });
const at = (slice: number, row: number, column: number) => (slice * shape[1] + row) * shape[2] + column;
/** Sets a box of 2 × 2 × 2 voxels. */
const block = (into: Float32Array | Uint8Array, [s, r, c]: readonly [number, number, number], value: number) => {
  for (const i of [0, 1]) for (const j of [0, 1]) for (const k of [0, 1]) into[at(s + i, r + j, c + k)] = value;
};

const nodule = [1, 4, 4] as const;
const ignored = [1, 15, 4] as const;
function scan() {
  const probabilities = new Float32Array(size);
  const truth = new Uint8Array(size);
  block(truth, nodule, 1);
  block(probabilities, nodule, 0.99);
  block(probabilities, [1, 4, 12], 0.7);
  block(probabilities, [3, 12, 12], 0.9);
  block(probabilities, ignored, 0.95);
  probabilities[at(5, 18, 18)] = 0.99;
  const centre = ([s, r, c]: readonly [number, number, number]) => [s + 0.5, r + 0.5, c + 0.5] as const;
  return {
    volume,
    probabilities,
    truth,
    nodules: [{ centerIRC: centre(nodule), diameterMm: 3 }],
    ignored: [{ centerIRC: centre(ignored), diameterMm: 3 }],
  };
}

describe('false positives of a scan', () => {
  it('are the components that touch no nodule and no ignored finding, most confident first, in LPS millimetres', () => {
    const found = falsePositives(scan(), 0.5, 8);
    expect(found.map(({ score }) => score)).toEqual([expect.closeTo(0.9, 6), expect.closeTo(0.7, 6)]);
    // The voxel nearest to the centre of mass, the first of eight equally near ones: slice 3, row 12, column 12.
    expect(found[0]!.center).toEqual([-10 + 12 * 0.5, 20 + 12 * 0.7, 5 + 3 * 2].map((mm) => expect.closeTo(mm, 9)));
    expect(found[0]!.voxels).toBe(8);
  });

  it('include smaller components if the minimum size allows them', () => {
    expect(falsePositives(scan(), 0.5, 1)[0]).toMatchObject({ voxels: 1 });
  });

  it('do not include a prediction that extends beyond a nodule', () => {
    const { probabilities, ...rest } = scan();
    for (let column = 6; column < 12; column++) block(probabilities, [1, 4, column], 0.8);
    expect(falsePositives({ ...rest, probabilities }, 0.5, 8)).toHaveLength(1);
  });

  it('have a centre inside the component, even if its centre of mass is outside', () => {
    const { probabilities, ...rest } = scan();
    probabilities.fill(0);
    for (let row = 5; row < 15; row++) for (const column of [5, 14]) probabilities[at(2, row, column)] = 0.8;
    for (let column = 5; column < 15; column++) probabilities[at(2, 14, column)] = 0.8;
    const [one] = falsePositives({ ...rest, probabilities, truth: new Uint8Array(size), nodules: [] }, 0.5, 8);
    const [x, y, z] = one!.center;
    expect(probabilities[at((z - 5) / 2, Math.round((y - 20) / 0.7), Math.round((x + 10) / 0.5))]).toBeCloseTo(0.8);
  });
});
