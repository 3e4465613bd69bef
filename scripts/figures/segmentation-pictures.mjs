// Draws the pictures of docs/explanation/segmentation.md from phantoms and from the network as it is built.
// node scripts/figures/segmentation-pictures.mjs [DIR], by default docs/explanation/pictures; needs a built dist/
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { boxSearchPicture } from './boxSearchPicture.mjs';
import { dicePicture } from './dicePicture.mjs';
import { kindsPicture } from './kindsPicture.mjs';
import { unetPicture } from './unetPicture.mjs';

const pictures = {
  'kinds-of-segmentation.png': kindsPicture,
  'unet.svg': unetPicture,
  'box-search.svg': boxSearchPicture,
  'dice.svg': dicePicture,
};

const folder = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../../docs/explanation/pictures'));
mkdirSync(folder, { recursive: true });
for (const [name, draw] of Object.entries(pictures)) {
  writeFileSync(path.join(folder, name), draw());
  process.stderr.write(`${path.join(folder, name)}\n`);
}
