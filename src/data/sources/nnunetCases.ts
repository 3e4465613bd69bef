import { basename, dirname, join } from 'node:path';
import { isSystemEntry, uidOf } from '../../ct/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { caseKey, lookUpCase, uniqueCases } from './caseNames.js';
import { imagesIn } from './imagesIn.js';
import type { NnunetDescription } from './nnunetDescription.js';

export interface NnunetCase {
  readonly uid: string;
  readonly image: string;
  readonly label: string;
}

export interface NnunetCases {
  readonly cases: readonly NnunetCase[];
  /** Number of cases that have a label image, or are in the list of `dataset.json`, but no image. */
  readonly missing: number;
  readonly notes: readonly string[];
}

/**
 * Finds the cases of a dataset: those that `dataset.json` lists in `training`, as that of the Medical Segmentation
 * Decathlon and of nnU-Net's version 1 does, else those of `imagesTr` and `labelsTr`. Image files are `CASE_0000.EXT`,
 * or `CASE.EXT` as in the Decathlon.
 * @throws NoduleTrainError `nnunet-files` if there is no case or one lacks its label or channel, `case-twice`
 */
export async function findNnunetCases(dir: string, description: NnunetDescription): Promise<NnunetCases> {
  const found =
    description.training.length > 0 ? await listedCases(dir, description) : await allCases(dir, description);
  uniqueCases(
    dir,
    found.cases.map(({ uid, image }) => [uid, image]),
  );
  return { ...found, cases: [...found.cases].sort((a, b) => (a.uid < b.uid ? -1 : 1)) };
}

const NUMBERED = /^(.+)_(\d{4})$/;

/** The part of a file name that says its channel. */
const channelSuffix = (channel: number): string => `_${String(channel).padStart(4, '0')}`;

/** Finds the cases of `imagesTr`. */
async function allCases(dir: string, { channel, fileEnding }: NnunetDescription): Promise<NnunetCases> {
  const imagesOf = await imagesIn(join(dir, 'imagesTr'), fileEnding ?? undefined);
  const labels = await imagesIn(join(dir, 'labelsTr'), fileEnding ?? undefined);
  const labelOf = lookUpCase(labels);
  // A case may be called scan_2019, so a name is of the Decathlon if a label has the same.
  const numbered = [...imagesOf.keys()].filter((name) => NUMBERED.test(name) && labelOf(name) === undefined);
  const plain = [...imagesOf.keys()].filter((name) => !NUMBERED.test(name) || labelOf(name) !== undefined);
  const names = new Map(numbered.map((name) => [caseKey(NUMBERED.exec(name)![1]!), NUMBERED.exec(name)![1]!]));
  for (const name of plain) {
    if (names.has(caseKey(name)))
      throw refuse(dir, `case ${name} is there with a channel number and without one`, 'Remove one of them.');
    names.set(caseKey(name), name);
  }
  if (names.size === 0) throw noCase(dir, fileEnding, await otherEndings(dir));
  const imageOf = lookUpCase(imagesOf);
  const isPlain = new Set(plain);
  const cases = [...names.values()].sort().map((uid) => {
    const label = labelOf(uid);
    if (label === undefined) throw without(dir, uid, `labelsTr/${uid}${fileEnding ?? '.nii.gz'}`);
    // An image without a number is that of the only channel.
    const image = imageOf(isPlain.has(uid) && channel === 0 ? uid : `${uid}${channelSuffix(channel)}`);
    if (image === undefined)
      throw without(dir, uid, `imagesTr/${uid}${channelSuffix(channel)}${fileEnding ?? '.nii.gz'}`);
    return { uid, image, label };
  });
  return { cases, missing: [...labels.keys()].filter((name) => !names.has(caseKey(name))).length, notes: [] };
}

/** Finds the cases that `dataset.json` lists. */
async function listedCases(dir: string, { channel, training }: NnunetDescription): Promise<NnunetCases> {
  const folders = new Map<string, ReturnType<typeof lookUpCase>>();
  const inFolder = async (folder: string) => {
    const known = folders.get(folder) ?? lookUpCase(await imagesIn(folder));
    folders.set(folder, known);
    return known;
  };
  // The list of a file made elsewhere may name folders of that machine.
  const find = async (listed: string, usual: string, suffix: string, isWhole: boolean): Promise<string | undefined> => {
    const path = withSlashes(listed);
    const name = uidOf(path);
    for (const folder of [join(dir, dirname(path)), dirname(path), join(dir, usual)]) {
      const lookUp = await inFolder(folder);
      const [exact, numbered] = [
        isWhole ? lookUp(name) : undefined,
        suffix === '' ? undefined : lookUp(`${name}${suffix}`),
      ];
      if (exact !== undefined && numbered !== undefined)
        throw refuse(dir, `case ${name} is there twice, as ${exact} and ${numbered}`, 'Remove one of them.');
      if ((exact ?? numbered) !== undefined) return exact ?? numbered;
    }
    return undefined;
  };
  const entries = training
    .map(({ image, label }) => ({ image: image.length > 1 ? image[channel] : image[0], of: image.length, label }))
    .filter(({ image }) => image === undefined || !isSystemEntry(basename(withSlashes(image))));
  const names = caseNames(
    dir,
    entries.map(({ image }) => image ?? ''),
  );
  const cases: NnunetCase[] = [];
  const absent: string[] = [];
  for (const [at, { image: listed, of, label: listedLabel }] of entries.entries()) {
    const uid = names[at]!;
    if (listed === undefined) throw without(dir, uid, `image of channel ${channel} in the list of dataset.json`);
    const image = await find(listed, 'imagesTr', channelSuffix(channel), channel === 0 || of > 1);
    if (image === undefined) {
      absent.push(listed);
      continue;
    }
    const label = await find(listedLabel, 'labelsTr', '', true);
    if (label === undefined) throw without(dir, uid, `label image ${listedLabel}`);
    cases.push({ uid, image, label });
  }
  if (cases.length === 0)
    throw refuse(
      dir,
      `found none of the ${training.length} images that dataset.json lists (first: ${training[0]!.image[0]})`,
      'Copy them there, or correct the list.',
    );
  return { cases, missing: absent.length, notes: [...describeAbsent(absent), ...(await describeUnlisted(dir, cases))] };
}

const withSlashes = (path: string): string => path.replaceAll('\\', '/');

/** Names listed images by their files; by folder and file where files of several cases have one name. */
function caseNames(dir: string, images: readonly string[]): string[] {
  const twice = images.find((image, at) => image !== '' && images.indexOf(image) !== at);
  if (twice !== undefined) throw refuse(dir, `dataset.json lists ${twice} twice`, 'Remove one of the entries.');
  const plain = images.map((image) => uidOf(withSlashes(image)).replace(/_0000$/, ''));
  if (new Set(plain.map(caseKey)).size === plain.length) return plain;
  return images.map((image) => {
    const path = withSlashes(image).replace(/^(\.?\/)+/, '');
    return `${dirname(path)}/${uidOf(path).replace(/_0000$/, '')}`.replace(/^imagesTr\//, '').replaceAll('/', '_');
  });
}

const describeAbsent = (absent: readonly string[]): string[] =>
  absent.length === 0
    ? []
    : [`${absent.length} images that dataset.json lists are not on disk and are skipped (first: ${absent[0]}).`];

async function describeUnlisted(dir: string, cases: readonly NnunetCase[]): Promise<string[]> {
  const used = new Set(cases.map(({ image }) => image));
  const keys = new Set(cases.map(({ uid }) => caseKey(uid)));
  const unlisted = [...(await imagesIn(join(dir, 'imagesTr')))].filter(
    ([name, path]) => !used.has(path) && !keys.has(caseKey(name.replace(/_\d{4}$/, ''))),
  );
  if (unlisted.length === 0) return [];
  return [
    `${unlisted.length} images of imagesTr are not in the list \`training\` of dataset.json and are not used ` +
      `(first: ${basename(unlisted[0]![1])}).`,
  ];
}

const refuse = (dir: string, found: string, advice: string): NoduleTrainError =>
  new NoduleTrainError('nnunet-files', `opening the data folder ${dir}: ${found}. ${advice}`);

const without = (dir: string, uid: string, missing: string): NoduleTrainError =>
  refuse(dir, `case ${uid} has no ${missing}`, 'Add the file, or remove the case.');

function noCase(dir: string, ending: string | null, others: readonly string[]): NoduleTrainError {
  const found = others.length === 0 ? '' : `, but files with ${others.join(', ')}`;
  return refuse(
    dir,
    `found no CASE_0000${ending ?? '.nii.gz'} in imagesTr${found}, expected images with the file_ending of dataset.json`,
    'Copy them there, or correct the ending.',
  );
}

/** Lists the endings of the images in imagesTr. */
async function otherEndings(dir: string): Promise<string[]> {
  const images = await imagesIn(join(dir, 'imagesTr')).catch(() => new Map<string, string>());
  return [...new Set([...images].map(([name, path]) => basename(path).slice(name.length)))];
}
