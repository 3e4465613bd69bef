import { readdir } from 'node:fs/promises';
import { checkOptions } from '../../ct/index.js';
import { indexContours } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { lidcSource, looksLikeLidc } from './lidcSource.js';
import { luna16Source } from './luna16Source.js';
import { nnunetSource } from './nnunetSource.js';
import { pairsSource } from './pairsSource.js';
import type { Source } from './source.js';
import { type layouts, type SourceOptions, sourceOptionsSchema } from './sourceOptions.js';

export type Layout = (typeof layouts)[number];

/**
 * Looks through a folder of scans and labels; no voxel is read.
 *
 * @throws NoduleTrainError `data-missing` (no folder), `data-layout` (no known layout), `data-option` (an option that the layout has no use for),
 *   what `indexContours` throws, and what each layout's own file throws
 */
export async function openSource(dir: string, given: SourceOptions = {}): Promise<Source> {
  const options = checkOptions(sourceOptionsSchema, `opening the data folder ${dir}`, given);
  const names = await readdir(dir).catch((cause: NodeJS.ErrnoException) => {
    const found = cause.code === 'ENOENT' ? 'there is no such folder' : `it cannot be read (${cause.code})`;
    throw new NoduleTrainError(
      'data-missing',
      `opening the data folder ${dir}: ${found}; wanted is a folder of scans, or a prepared store`,
      { cause },
    );
  });
  const layout = options.layout === 'auto' ? await recognize(dir, names, options) : options.layout;
  const open = { luna16: luna16Source, lidc: lidcSource, pairs: pairsSource, nnunet: nnunetSource }[layout];
  return open(dir, options, await contoursOf(dir, layout, options.contours));
}

/** LIDC's XML files by series UID: those of the folder that was given, else those that a LIDC tree has itself. */
async function contoursOf(dir: string, layout: Layout, given?: string): Promise<ReadonlyMap<string, string>> {
  if (given !== undefined) return indexContours(given);
  return layout === 'lidc' ? indexContours(dir, { mayBeEmpty: true }) : new Map();
}

const lunaLists = ['annotations.csv', 'annotations_with_malignancy.csv'];

async function recognize(dir: string, names: string[], { masks }: SourceOptions): Promise<Layout> {
  if (names.includes('dataset.json')) return 'nnunet';
  if (names.some((name) => /^subset\d/.test(name) || lunaLists.includes(name))) return 'luna16';
  if (masks !== undefined || (names.includes('images') && names.includes('labels'))) return 'pairs';
  if (await looksLikeLidc(dir)) return 'lidc';
  throw new NoduleTrainError(
    'data-layout',
    `opening the data folder ${dir}: its layout is not known. Looked for: store.json (a prepared store), dataset.json (nnU-Net raw), ` +
      'subset0 … and annotations.csv (LUNA16), images and labels (pairs), folders of .dcm files (a LIDC-IDRI tree). Name it with --layout',
  );
}
