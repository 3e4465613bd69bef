import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectedComponents } from '../../../dist/ct/index.js';

/** The definition: flood fill from each voxel not yet reached. */
function byFlooding(mask: Uint8Array, [slices, rows, columns]: readonly number[], connectivity: 6 | 26): Int32Array {
  const labels = new Int32Array(mask.length);
  let count = 0;
  for (let seed = 0; seed < mask.length; seed++) {
    if (!mask[seed] || labels[seed]) continue;
    labels[seed] = ++count;
    const open = [seed];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const c = at % columns!;
      const r = Math.floor(at / columns!) % rows!;
      const i = Math.floor(at / columns! / rows!);
      for (let d = 0; d < 27; d++) {
        const step = [Math.floor(d / 9) - 1, (Math.floor(d / 3) % 3) - 1, (d % 3) - 1] as const;
        const far = step.filter((s) => s !== 0).length;
        if (far === 0 || (connectivity === 6 && far > 1)) continue;
        const [ni, nr, nc] = [i + step[0], r + step[1], c + step[2]];
        if (ni < 0 || nr < 0 || nc < 0 || ni >= slices! || nr >= rows! || nc >= columns!) continue;
        const next = (ni * rows! + nr) * columns! + nc;
        if (mask[next] && !labels[next]) {
          labels[next] = count;
          open.push(next);
        }
      }
    }
  }
  return labels;
}

describe('connected components', () => {
  const masks = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 7 }))
    .chain(([i, r, c]) =>
      fc.record({
        shape: fc.constant([i, r, c] as const),
        mask: fc
          .array(fc.constantFrom(0, 0, 1), { minLength: i * r * c, maxLength: i * r * c })
          .map((v) => Uint8Array.from(v)),
      }),
    );

  it.each([6, 26] as const)(
    'equal those of a flood fill, numbered by their first voxels (%i neighbours)',
    (connectivity) => {
      fc.assert(
        fc.property(masks, ({ mask, shape }) => {
          const { labels } = connectedComponents(mask, shape, connectivity);
          expect(labels).toEqual(byFlooding(mask, shape, connectivity));
        }),
        { numRuns: 300 },
      );
    },
  );

  it('have the voxel count, bounding box and centre of their own voxels', () => {
    fc.assert(
      fc.property(masks, ({ mask, shape }) => {
        const { labels, components } = connectedComponents(mask, shape, 26);
        for (const { label, voxels, centerIRC, low, high } of components) {
          const own = [...labels.keys()].filter((v) => labels[v] === label);
          const places = own.map((v) => [
            Math.floor(v / shape[1] / shape[2]),
            Math.floor(v / shape[2]) % shape[1],
            v % shape[2],
          ]);
          expect(voxels).toBe(own.length);
          for (const axis of [0, 1, 2]) {
            const along = places.map((place) => place[axis]!);
            expect(low[axis]).toBe(Math.min(...along));
            expect(high[axis]).toBe(Math.max(...along));
            expect(centerIRC[axis]).toBeCloseTo(along.reduce((a, b) => a + b) / own.length, 10);
          }
        }
      }),
    );
  });

  it('join diagonal voxels only with 26 neighbours', () => {
    const mask = Uint8Array.of(1, 0, 0, 1);
    expect(connectedComponents(mask, [1, 2, 2], 26).components).toHaveLength(1);
    expect(connectedComponents(mask, [1, 2, 2], 6).components).toHaveLength(2);
  });

  it('refuse a mask that does not fit its shape', () => {
    expect(() => connectedComponents(new Uint8Array(7), [2, 2, 2], 6)).toThrow(
      'finding connected components: the mask has 7 voxels, expected 8 for the shape [2, 2, 2]',
    );
  });
});
