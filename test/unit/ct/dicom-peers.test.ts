import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { readVolume } from '../../../dist/ct/index.js';
import {
  deflated,
  explicitBig,
  explicitLittle,
  type Fields,
  implicitLittle,
  type Stack,
} from '../../support/dicomBytes.mjs';
import { count, largest, oblique, ramp, series, stack } from '../../support/dicomSeries.js';
import { inSupport } from '../../support/paths.js';
import { pythonInterpreter } from '../../support/python.js';

interface Peers {
  size: number[];
  spacing: number[];
  origin: number[];
  direction: number[];
  sitk: number[];
  pydicom: number[];
}

const python = pythonInterpreter();
const turned: Stack = { ...stack, direction: oblique };
const bytes = Uint8Array.from({ length: count }, (_, k) => k * 4);
const garbage = Uint16Array.from(ramp, (value, k) => (value & 0xfff) | ((k % 16) << 12));
const wide = Uint16Array.from({ length: count }, (_, k) => k * 1000);
const slopes = (k: number): Fields => ({ RescaleSlope: 0.25 * (k + 1), RescaleIntercept: 0.5 });
const inclined: Fields = {
  ImageOrientationPatient: ['0.9553365', '0.2955202', '0', '-0.2896295', '0.9362934', '0.1986693'],
};

const cases: [name: string, make: () => Promise<string>, pydicom: boolean][] = [
  ['Explicit VR Little Endian', () => series({ syntax: explicitLittle }, turned), true],
  ['Implicit VR Little Endian', () => series({ syntax: implicitLittle }, turned), true],
  ['Explicit VR Big Endian', () => series({ syntax: explicitBig }, turned), true],
  ['Deflated', () => series({ syntax: deflated }, turned), true],
  ['axes of seven digits', () => series({ over: () => inclined }, turned), true],
  ['8 bit', () => series({}, { ...turned, stored: bytes }), true],
  ['16 bit unsigned up to 59,000', () => series({}, { ...turned, stored: wide }), true],
  // pydicom leaves the bits above those stored to the caller.
  [
    '12 of 16 bits, with other bits above',
    () => series({ over: () => ({ BitsStored: 12, HighBit: 11 }) }, { ...turned, stored: garbage }),
    false,
  ],
  ['a slope of 0.3', () => series({ over: () => ({ RescaleSlope: 0.3 }) }, turned), true],
  ['a different slope for every slice', () => series({ over: slopes }, turned), true],
];

it.skipIf(python === null)(
  'SimpleITK and pydicom read the same values at the same positions (skipped without npm run python)',
  { timeout: 120_000 },
  async () => {
    const folders = await Promise.all(cases.map(([, make]) => make()));
    const program = inSupport('dicomPeers.py');
    const lines = execFileSync(python as string, [program, ...folders], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const peers = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Peers);
    expect(peers).toHaveLength(cases.length);
    for (const [n, [name, , pydicom]] of cases.entries()) {
      const peer = peers[n]!;
      const volume = await readVolume(folders[n]!, { onNote: () => {} });
      const values = Array.from(volume.voxels, (stored) => stored * volume.scale + volume.offset);
      const error = volume.scale === 1 ? 0 : (Math.max(...peer.sitk) - Math.min(...peer.sitk)) / 65535;
      expect(volume.shape.toReversed(), name).toEqual(peer.size);
      expect(largest(volume.spacing!, peer.spacing), name).toBeLessThan(1e-9);
      expect(largest(volume.origin, peer.origin), name).toBeLessThan(1e-9);
      expect(largest(volume.direction.flat(), peer.direction), name).toBeLessThan(1e-9);
      expect(largest(values, peer.sitk), `${name}: SimpleITK`).toBeLessThanOrEqual(error);
      if (pydicom) expect(largest(values, peer.pydicom), `${name}: pydicom`).toBeLessThanOrEqual(error);
    }
  },
);
