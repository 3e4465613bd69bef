import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checkOptions, isSystemEntry } from '../../ct/index.js';
import { indexContours } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { lidcSource, looksLikeLidc } from './lidcSource.js';
import { findName, listDataFolder } from './listDataFolder.js';
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
 * the layout does not use), `labels-lost` (outlines of other scans), and what `indexContours` and the opener of the
 * layout throw
 */
export async function openSource(dir: string, given: SourceOptions = {}): Promise<Source> {
  const options = checkOptions(sourceOptionsSchema, `opening the data folder ${dir}`, given);
  const names = await listDataFolder(dir, 'a folder of scans or a prepared store');
  const layout = options.layout === 'auto' ? await recognizeLayout(dir, names, options) : options.layout;
  const open = { luna16: luna16Source, lidc: lidcSource, pairs: pairsSource, nnunet: nnunetSource }[layout];
  const contours = await findContours(dir, layout, options.contours);
  const source = await open(dir, options, contours);
  const note = checkContours(source, contours.size, options);
  return note === null ? source : { ...source, notes: [...source.notes, note] };
}

/**
 * Describes scans without outlines although others have some; null if there are none.
 * @throws NoduleTrainError `labels-lost` if no scan has outlines although a folder of them was given
 */
function checkContours({ dir, scans }: Source, indexed: number, options: SourceOptions): string | null {
  const without = scans.filter(({ truth }) => truth.contours === null).length;
  if (indexed === 0 || without === 0) return null;
  const found = `${without} of ${scans.length} scans have no readers' outlines among the XML files of ${indexed} series`;
  if (without === scans.length && options.contours !== undefined && options.allowLostLabels !== true)
    throw new NoduleTrainError(
      'labels-lost',
      `opening the data folder ${dir}: ${found} in ${options.contours}, expected some (a scan is ${scans[0]!.uid}). ` +
        'Correct --contours, or give --allow-lost-labels.',
    );
  return `${found}.`;
}

/** Indexes LIDC's XML files by series UID: those in the given folder, else those inside a LIDC tree. */
async function findContours(dir: string, layout: Layout, given?: string): Promise<ReadonlyMap<string, string>> {
  if (given !== undefined) return indexContours(given);
  return layout === 'lidc' ? indexContours(dir, { mayBeEmpty: true }) : new Map();
}

async function recognizeLayout(dir: string, names: string[], { masks }: SourceOptions): Promise<Layout> {
  const layout = layoutByNames(names);
  if (layout !== null) return layout;
  if (masks !== undefined) return 'pairs';
  const above = await partOf(dir);
  if (above === null && (await looksLikeLidc(dir))) return 'lidc';
  throw new NoduleTrainError(
    'data-layout',
    `opening the data folder ${dir}: found no known layout, expected store.json (a prepared store), dataset.json ` +
      '(nnU-Net raw), subset0 … and annotations.csv (LUNA16), images and labels (pairs), or folders of .dcm files (a ' +
      `LIDC-IDRI tree). ${above ?? (await adviceOn(dir, names)) ?? 'Check the path, or give --layout.'}`,
  );
}

/** Recognizes the layouts that have files or folders of certain names. */
function layoutByNames(names: readonly string[]): Exclude<Layout, 'lidc'> | null {
  if (findName(names, 'dataset.json') !== undefined) return 'nnunet';
  if (names.some((name) => /^subset\d/i.test(name)) || findName(names, ...ANNOTATION_LISTS) !== undefined)
    return 'luna16';
  const isPairs = findName(names, 'images') !== undefined && findName(names, 'labels') !== undefined;
  return isPairs ? 'pairs' : null;
}

/** Advises to give the folder above, if `dir` is one of the folders of a layout; else null. */
async function partOf(dir: string): Promise<string | null> {
  const above = dirname(resolve(dir));
  const isPart = /^(images|labels|masks|votes|(images|labels)T[rs]|subset\d.*|seg-lungs-LUNA16)$/i.test(
    basename(resolve(dir)),
  );
  const layout = isPart ? layoutByNames(await namesIn(above)) : null;
  return layout === null ? null : `It is part of ${above}, which has the layout ${layout}: give that folder.`;
}

/** Folders that are looked into for a known layout. */
const LOOKED_INTO = 100;

/** Advises what to give instead of a folder of unknown layout; null without an idea. */
async function adviceOn(dir: string, names: readonly string[]): Promise<string | null> {
  if (findName(names, 'imagesTr') !== undefined && findName(names, 'labelsTr') !== undefined)
    return 'imagesTr and labelsTr are there without dataset.json: add it.';
  const images = findName(names, 'images', 'image', 'imgs', 'imagesTr');
  const labels = findName(names, 'labels', 'label', 'masks', 'mask', 'segmentations', 'labelsTr');
  if (images !== undefined && labels !== undefined)
    return `Give ${join(dir, images)} with --masks ${join(dir, labels)}.`;
  const folders = names.filter((name) => !isSystemEntry(name)).sort();
  for (const folder of [...folders.map((name) => [name]), ...(await namesTwoDeep(dir, folders))].slice(
    0,
    LOOKED_INTO,
  )) {
    const path = join(dir, ...folder);
    const inside = await namesIn(path);
    const layout = inside.includes('store.json') ? 'of a prepared store' : layoutByNames(inside);
    if (layout !== null) return `${path} has the layout ${layout}: give that folder.`;
  }
  return null;
}

async function namesTwoDeep(dir: string, names: readonly string[]): Promise<string[][]> {
  const found: string[][] = [];
  for (const name of names.slice(0, LOOKED_INTO))
    for (const inner of await namesIn(join(dir, name))) found.push([name, inner]);
  return found;
}

const namesIn = async (dir: string): Promise<string[]> =>
  (await readdir(dir).catch(() => [])).filter((name) => !isSystemEntry(name));
