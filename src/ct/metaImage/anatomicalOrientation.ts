import type { Matrix3 } from '../grid/volume.js';

/**
 * The value of AnatomicalOrientation for axes (rows of `axes`, one after another): for each the side of the patient it
 * comes from, as ITK names it (RAI for axes that go left, back and up).
 */
export const orientationOf = (axes: Matrix3): string =>
  axes
    .map((axis) => {
      const sizes = axis.map(Math.abs);
      const main = sizes.indexOf(Math.max(...sizes));
      return (axis[main]! > 0 ? 'RAI' : 'LPS')[main];
    })
    .join('');

/** Whether a text names one side of each of the patient's three axes, such as "RAI". */
export const isOrientation = (text: string): boolean =>
  /^[RLAPIS]{3}$/.test(text) && ['RL', 'AP', 'IS'].every((sides) => [...sides].some((side) => text.includes(side)));
