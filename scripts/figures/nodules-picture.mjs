// Draws docs/guide/pictures/nodules.png, the page that `segment` draws of the nodules of a scan, from a phantom.
// node scripts/figures/nodules-picture.mjs [FILE]; needs a built dist/
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { decode, encode } from 'fast-png';
import { lungMask } from '../../dist/ct/index.js';
import { nodulesPicture } from '../../dist/evaluate/segment/pages/nodulesPicture.js';
import { synthesize } from '../../dist/phantom/index.js';
import { buildScanResult } from '../../test/support/scanResult.mjs';

/** Steps between grey values: not visible, and a third of the bytes. */
const STEP = 6;

const file = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../../docs/guide/pictures/nodules.png'));
const size = [128, 256, 256];
const { volume, mask } = synthesize({ seed: 11, level: 'standard', size, spacing: [1.3, 1.3, 2], nodules: 3 });
const picture = decode(nodulesPicture(buildScanResult(volume, mask, { lungs: lungMask(volume) })));
const data = picture.data.map((value) => Math.min(255, Math.round(value / STEP) * STEP));
mkdirSync(path.dirname(file), { recursive: true });
writeFileSync(file, encode({ ...picture, data }, { zlib: { level: 9 } }));
process.stderr.write(`${file}\n`);
