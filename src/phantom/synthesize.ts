import { identityDirection, indexIRC, indexToWorld, type Vector3, type Volume, type WorldLPS } from '../ct/index.js';
import { Anatomy } from './anatomy.js';
import type { Canvas } from './canvas.js';
import { drawChest, greatTubes } from './drawChest.js';
import { drawNodules } from './drawNodules.js';
import { drawTubes } from './drawTubes.js';
import { growScars } from './growScars.js';
import { levels, type NoduleAttachment, type NoduleKind } from './levels.js';
import { checkPhantomOptions, type PhantomOptions, phantomSchema } from './phantomOptions.js';
import { placeNodules } from './placeNodules.js';
import { Random } from './random.js';
import { simulateScanner } from './simulateScanner.js';
import { growVessels } from './vesselTree.js';

/** A nodule of a phantom. */
export interface PhantomNodule {
  /** Centroid of its mask. */
  center: WorldLPS;
  /** Diameter of the sphere of equal volume. */
  diameterMm: number;
  kind: NoduleKind;
  attachment: NoduleAttachment;
  voxels: number;
}

/** A synthetic chest CT with its ground truth. */
export interface Phantom {
  volume: Volume;
  /** 1 where at least half of the voxel is nodule; `[slices, rows, columns]`. */
  mask: Uint8Array;
  nodules: PhantomNodule[];
}

/**
 * Synthesizes a chest CT in HU, with its nodules and their exact mask. The same options give the same voxels.
 * @throws NoduleTrainError `phantom-options`
 */
export function synthesize(options: PhantomOptions): Phantom {
  const {
    seed,
    level,
    size,
    spacing,
    uid,
    nodules: requested,
  } = checkPhantomOptions(phantomSchema, 'making a phantom', options);
  const parameters = levels[level];
  const stream = (n: number) => new Random(seed, n);
  const canvas: Canvas = { hu: new Float32Array(size[0] * size[1] * size[2]), shape: size, spacing };
  const width = Math.min(size[2] * spacing[0], size[1] * spacing[1]);
  const anatomy = new Anatomy(stream(0), width);
  drawChest(canvas, anatomy, stream(1));
  const great = greatTubes(anatomy);
  drawTubes(canvas, great.vessels, 'tissue');
  drawTubes(canvas, great.airways, 'dark');
  const vessels = growVessels(anatomy, parameters, stream(2));
  drawTubes(canvas, vessels, 'bright');
  const half = [0, 1, 2].map((axis) => (size[2 - axis]! * spacing[axis]!) / 2) as unknown as Vector3;
  drawTubes(canvas, growScars(anatomy, half, parameters, stream(3)), 'bright');
  const random = stream(4);
  const count = requested ?? random.integer(3, 4);
  const mask = new Uint8Array(canvas.hu.length);
  const drawn = drawNodules(canvas, mask, anatomy, placeNodules(count, anatomy, vessels, half, parameters, random));
  const noise = stream(5).between(parameters.noiseHu[0], parameters.noiseHu[1]);
  const origin: Vector3 = [-half[0] + spacing[0] / 2, -half[1] + spacing[1] / 2, -half[2] + spacing[2] / 2];
  const volume: Volume = {
    voxels: simulateScanner(canvas, noise, seed),
    intensity: 'hu',
    shape: size,
    spacing,
    origin,
    direction: identityDirection,
    uid: uid ?? `phantom-${seed}`,
    scale: 1,
    offset: 0,
  };
  const nodules = drawn.map(({ centroid, volumeMm3, kind, attachment, voxels }) => ({
    center: indexToWorld(
      volume,
      indexIRC(
        (centroid[2] - origin[2]) / spacing[2],
        (centroid[1] - origin[1]) / spacing[1],
        (centroid[0] - origin[0]) / spacing[0],
      ),
    ),
    diameterMm: 2 * Math.cbrt((3 * volumeMm3) / (4 * Math.PI)),
    kind,
    attachment,
    voxels,
  }));
  return { volume, mask, nodules };
}
