import type { Vector3 } from '../ct/index.js';
import type { Anatomy } from './anatomy.js';
import type { Tube } from './drawTubes.js';
import type { LevelParameters } from './levels.js';
import type { Random } from './random.js';
import { unit } from './vesselTree.js';

/**
 * Grows scars and bands of collapsed lung: strands with the brightness and volume of nodules, but at least four times
 * as long as wide. They are not nodules, so a rule based on brightness and size alone gets them wrong.
 */
export function growScars(anatomy: Anatomy, half: Vector3, level: LevelParameters, random: Random): Tube[] {
  const tubes: Tube[] = [];
  const count = random.integer(level.scars[0], level.scars[1]);
  for (let made = 0, tried = 0; made < count && tried < 500; tried++) {
    const middle = half.map((extent) => random.between(-0.85, 0.85) * extent) as unknown as Vector3;
    const radius = random.between(1.1, 2.2);
    const length = radius * random.between(9, 16);
    if (anatomy.lungDepth(middle[0], middle[1], middle[2]) < 6) continue;
    made++;
    let direction = unit(random.direction());
    const hu = random.between(-60, 60);
    let at: Vector3 = [0, 1, 2].map((axis) => middle[axis]! - (direction[axis]! * length) / 2) as unknown as Vector3;
    const pieces = 4;
    for (let n = 0; n < pieces; n++) {
      const aside = random.direction();
      direction = unit([0, 1, 2].map((axis) => direction[axis]! + 0.25 * aside[axis]!) as unknown as Vector3);
      const to = [0, 1, 2].map((axis) => at[axis]! + (direction[axis]! * length) / pieces) as unknown as Vector3;
      const thick = (share: number) => radius * (1 - 1.2 * Math.abs(share - 0.5));
      tubes.push({ from: at, to, radiusFrom: thick(n / pieces), radiusTo: thick((n + 1) / pieces), hu });
      at = to;
    }
  }
  return tubes;
}
