import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityDirection, indexIRC, indexToWorld, type Matrix3, writeVolume } from '../../dist/ct/index.js';
import { buildVolume } from './volume.js';

type Place = readonly [slice: number, row: number, column: number];

interface BookScan {
  uid: string;
  direction: Matrix3;
  nodules: { center: Place; radius: number; annotated?: Place }[];
}

const rotated = (angle: number): Matrix3 => {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [
    [c, -s, 0],
    [s, c, 0],
    [0, 0, 1],
  ];
};

/** A nodule for every fault of the book's labels and crops; the first scan is for validation. */
const scans: BookScan[] = [
  { uid: '1.0', direction: identityDirection, nodules: [{ center: [9, 60, 66], radius: 4 }] },
  {
    uid: '1.1',
    direction: identityDirection,
    nodules: [
      { center: [8, 56, 60], radius: 5 },
      // Off the middle: one side of the box stops early.
      { center: [13, 66, 80], radius: 4, annotated: [13, 64, 82] },
      // By the first slice: the search wraps.
      { center: [1, 70, 52], radius: 3 },
    ],
  },
  {
    uid: '1.2',
    direction: [
      [-1, 0, 0],
      [0, -1, 0],
      [0, 0, 1],
    ],
    // By the last slice: the crop moves, and its middle is another slice.
    nodules: [
      { center: [16, 50, 58], radius: 4 },
      { center: [6, 71, 75], radius: 6 },
    ],
  },
  // Rotated: the point becomes another index.
  { uid: '1.3', direction: rotated(0.03), nodules: [{ center: [10, 58, 62], radius: 5 }] },
];

const shape = [18, 124, 136] as const;
const spacing = [0.7, 0.7, 1.5] as const;

/** Lung, a chest wall, vessels and balls in integer HU, by a formula that gives the same on every machine. */
function voxelsOf({ nodules }: BookScan): Int16Array {
  const [slices, rows, columns] = shape;
  const voxels = new Int16Array(slices * rows * columns);
  for (let at = 0; at < voxels.length; at++) {
    const [s, r, c] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
    const grain = (Math.imul(at, 2654435761) >>> 24) - 128;
    const vessel = (r * 3 + c * 2 + s) % 97 < 4;
    const wall = r < 24 || r > 108;
    const inNodule = nodules.some(
      ({ center, radius }) => (s - center[0]) ** 2 * 4 + (r - center[1]) ** 2 + (c - center[2]) ** 2 <= radius ** 2,
    );
    voxels[at] = (inNodule ? 30 : wall ? 40 : vessel ? -250 : -860) + (grain >> 1);
  }
  return voxels;
}

/** Writes four small scans with seven nodules in LUNA16's layout. */
export async function writeBookScans(folder: string): Promise<void> {
  mkdirSync(join(folder, 'subset0'), { recursive: true });
  const lines = ['seriesuid,coordX,coordY,coordZ,diameter_mm'];
  for (const scan of scans) {
    const geometry = { shape, spacing, origin: [-12, 7, 3] as const, direction: scan.direction };
    const volume = buildVolume(shape, voxelsOf(scan), { ...geometry, uid: scan.uid });
    await writeVolume(join(folder, 'subset0', `${scan.uid}.mhd`), volume);
    for (const { center, radius, annotated = center } of scan.nodules)
      lines.push([scan.uid, ...indexToWorld(geometry, indexIRC(...annotated)), 1.4 * radius].join(','));
  }
  writeFileSync(join(folder, 'annotations.csv'), `${lines.join('\n')}\n`);
}
