import { NoduleTrainError } from '../../../runtime/index.js';

/** Most characters of a DS (PS3.5 table 6.2-1). */
const mostCharacters = 16;

/**
 * Writes a number as a DS: exactly if 16 characters can, else the nearest number that they can.
 * @throws NoduleTrainError `dicom-write` if it is not finite
 */
export function decimalString(value: number): string {
  if (!Number.isFinite(value))
    throw new NoduleTrainError(
      'dicom-write',
      `writing a DICOM object: found the number ${value}, expected a finite one`,
    );
  // A zero of either sign.
  if (value === 0) return '0';
  const plain = String(value);
  if (plain.length <= mostCharacters) return plain;
  let best = '';
  for (let digits = 1; digits <= 17; digits++) {
    for (const text of [String(Number(value.toPrecision(digits))), value.toExponential(digits - 1)]) {
      const nearer = best === '' || Math.abs(Number(text) - value) < Math.abs(Number(best) - value);
      if (text.length <= mostCharacters && nearer) best = text;
    }
  }
  return best;
}
