import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SHAPE = [24, 96, 96] as const;

/** A scan of 24×96×96 voxels at 1 mm: a body with a lung of -850 HU and one ball of 40 HU, 12 mm, in its middle. */
export function writeScan(folder: string, uid: string, elementType = 'MET_SHORT'): void {
  const [slices, rows, columns] = SHAPE;
  const voxels = new Int16Array(slices * rows * columns).fill(-850);
  for (let i = 0; i < slices; i++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        if (Math.hypot(i - 12, r - 48, c - 48) <= 6) voxels[(i * rows + r) * columns + c] = 40;
  writeFileSync(join(folder, `${uid}.raw`), new Uint8Array(voxels.buffer));
  writeFileSync(
    join(folder, `${uid}.mhd`),
    [
      'ObjectType = Image',
      'NDims = 3',
      'BinaryData = True',
      'BinaryDataByteOrderMSB = False',
      'CompressedData = False',
      'TransformMatrix = 1 0 0 0 1 0 0 0 1',
      'Offset = 0 0 0',
      'ElementSpacing = 1 1 1',
      `DimSize = ${columns} ${rows} ${slices}`,
      `ElementType = ${elementType}`,
      `ElementDataFile = ${uid}.raw`,
      '',
    ].join('\n'),
  );
}

export const uidOf = (n: number) => `1.3.6.1.4.1.14519.5.2.1.6279.6001.${n}`;

/** A LUNA16 layout with `count` of those scans, one annotated nodule each. */
export function writeLuna16(folder: string, count = 4): string {
  const subset = join(folder, 'subset0');
  mkdirSync(subset, { recursive: true });
  const lines = ['seriesuid,coordX,coordY,coordZ,diameter_mm'];
  for (let n = 1; n <= count; n++) {
    writeScan(subset, uidOf(n));
    lines.push(`${uidOf(n)},48,48,12,12`);
  }
  writeFileSync(join(folder, 'annotations.csv'), `${lines.join('\n')}\n`);
  return folder;
}
