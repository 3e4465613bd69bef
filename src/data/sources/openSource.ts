import { checkOptions } from '../../ct/index.js';
import { indexContours } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { lidcSource, looksLikeLidc } from './lidcSource.js';
import { listDataFolder } from './listDataFolder.js';
import { ANNOTATION_LISTS } from './luna16.js';
import { luna16Source } from './luna16Source.js';
import { nnunetSource } from './nnunetSource.js';
import { pairsSource } from './pairsSource.js';
import type { Source } from './source.js';
import { type LAYOUTS, type SourceOptions, sourceOptionsSchema } from './sourceOptions.js';

export type Layout = (typeof LAYOUTS)[number];

/**
 * Opens a folder of scans and labels without reading a voxel.
 * @throws NoduleTrainError `data-missing` (no folder), `data-layout` (unknown layout), `data-option` (an option that
 * the layout does not use), and what `indexContours` and the opener of the layout throw
 */
export async function openSource(dir: string, given: SourceOptions = {}): Promise<Source> {
  const options = checkOptions(sourceOptionsSchema, `opening the data folder ${dir}`, given);
  const names = await listDataFolder(dir, 'a folder of scans or a prepared store');
  const layout = options.layout === 'auto' ? await recognizeLayout(dir, names, options) : options.layout;
  const open = { luna16: luna16Source, lidc: lidcSource, pairs: pairsSource, nnunet: nnunetSource }[layout];
  return open(dir, options, await findContours(dir, layout, options.contours));
}

/** Indexes LIDC's XML files by series UID: those in the given folder, else those inside a LIDC tree. */
async function findContours(dir: string, layout: Layout, given?: string): Promise<ReadonlyMap<string, string>> {
  if (given !== undefined) return indexContours(given);
  return layout === 'lidc' ? indexContours(dir, { mayBeEmpty: true }) : new Map();
}

async function recognizeLayout(dir: string, names: string[], { masks }: SourceOptions): Promise<Layout> {
  if (names.includes('dataset.json')) return 'nnunet';
  if (names.some((name) => /^subset\d/.test(name) || ANNOTATION_LISTS.includes(name))) return 'luna16';
  if (masks !== undefined || (names.includes('images') && names.includes('labels'))) return 'pairs';
  if (await looksLikeLidc(dir)) return 'lidc';
  throw new NoduleTrainError(
    'data-layout',
    `opening the data folder ${dir}: found no known layout, expected store.json (a prepared store), dataset.json ` +
      '(nnU-Net raw), subset0 … and annotations.csv (LUNA16), images and labels (pairs), or folders of .dcm files (a ' +
      'LIDC-IDRI tree). Check the path, or give --layout.',
  );
}
