// Scans that cost next to nothing to make, for what is measured or killed while a thousand of them are prepared: noise that is
// shifted from scan to scan, a bright ball in lung, and one annotation of it each, in LUNA16's layout.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** @param {number} count numbers from a generator with a seed of its own (xorshift32, Marsaglia 2003) */
const noise = (count) => {
  const values = new Int16Array(count);
  let state = 0x9e3779b9;
  for (let i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = -850 + ((state >>> 8) % 120);
  }
  return values;
};

/**
 * Writes `count` scans of `[slices, rows, columns]` voxels of 1 mm as `.mhd` + `.raw`, the first ones the same for any count.
 * @param {string} dir
 * @param {number} count
 * @param {[number, number, number]} size
 */
export const writeQuickScans = (dir, count, [slices, rows, columns]) => {
  const voxels = slices * rows * columns;
  const base = noise(voxels + 4096);
  const subsets = Array.from({ length: Math.min(10, count) }, (_, n) => path.join(dir, `subset${n}`));
  for (const subset of subsets) mkdirSync(subset, { recursive: true });
  const lines = ['seriesuid,coordX,coordY,coordZ,diameter_mm'];
  for (let n = 0; n < count; n++) {
    const uid = `quick-${String(n).padStart(5, '0')}`;
    const scan = base.slice(n % 4096, (n % 4096) + voxels);
    const [z, y, x] = [slices >> 1, 20 + ((n * 7) % (rows - 40)), 20 + ((n * 13) % (columns - 40))];
    for (let k = -5; k <= 5; k++)
      for (let r = -5; r <= 5; r++)
        for (let c = -5; c <= 5; c++)
          if (k * k + r * r + c * c <= 25) scan[((z + k) * rows + y + r) * columns + x + c] = 40 + (n % 97);
    const subset = subsets[n % subsets.length];
    writeFileSync(path.join(subset, `${uid}.raw`), new Uint8Array(scan.buffer));
    writeFileSync(
      path.join(subset, `${uid}.mhd`),
      `ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
CompressedData = False
TransformMatrix = 1 0 0 0 1 0 0 0 1
Offset = 0 0 0
ElementSpacing = 1 1 1
DimSize = ${columns} ${rows} ${slices}
ElementType = MET_SHORT
ElementDataFile = ${uid}.raw
`,
    );
    lines.push(`${uid},${x},${y},${z},10`);
  }
  writeFileSync(path.join(dir, 'annotations.csv'), `${lines.join('\n')}\n`);
};
