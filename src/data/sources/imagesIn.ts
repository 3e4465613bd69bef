import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesOf, isImageFile, isSystemEntry, siblingFile, startsLikeDicom, uidOf } from '../../ct/index.js';
import { caseKey, uniqueCases } from './caseNames.js';

/**
 * Finds the images of a folder by their names without extension, in alphabetical order: those of every readable format,
 * or those of one `ending`, in any case. Empty without the folder.
 * @throws NoduleTrainError `case-twice`
 */
export async function imagesIn(folder: string, ending?: string): Promise<Map<string, string>> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => !isSystemEntry(file)).sort();
  const images =
    ending === undefined
      ? files.filter(isImageFile).map((file) => [uidOf(file), join(folder, file)] as const)
      : files
          .filter((file) => caseKey(file).endsWith(caseKey(ending)))
          .map((file) => [file.slice(0, -ending.length), join(folder, file)] as const);
  return uniqueCases(folder, images);
}

/**
 * Does what `imagesIn` does, and also finds DICOM files of any name, and subfolders that hold DICOM files: those of a
 * series, or of a mask.
 * @throws NoduleTrainError `case-twice`
 */
export async function imagesAndSeriesIn(folder: string): Promise<Map<string, string>> {
  const found: [name: string, path: string][] = [...(await imagesIn(folder))];
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries.sort()) {
    const path = join(folder, entry);
    const isDirectory = await isFolder(path);
    if (isSystemEntry(entry) || (isImageFile(entry) && !isDirectory)) continue;
    const inside = isDirectory ? await filesOf(path).catch(() => []) : null;
    if (inside === null ? !startsLikeDicom(path) : !inside.some(startsLikeDicom)) continue;
    // The last number of a UID is not an extension.
    found.push([inside === null ? entry.replace(/\.[a-z]\w*$/i, '') : entry, path]);
  }
  return uniqueCases(folder, found);
}

/** Finds the images named UID + `suffix` in a folder, by UID. */
export async function imagesWithSuffix(folder: string, suffix: string): Promise<Map<string, string>> {
  const images = await imagesIn(folder);
  return new Map(
    [...images]
      .filter(([name]) => name.endsWith(suffix))
      .map(([name, path]) => [name.slice(0, name.length - suffix.length), path]),
  );
}

/**
 * Lists the files of an image: for MetaImage and NRRD the header, and the file of its voxels if that is another; all
 * files of a folder.
 */
export async function imageFiles(header: string): Promise<readonly string[]> {
  if (await isFolder(header)) return filesOf(header);
  if (!/\.(mhd|nhdr)$/i.test(header)) return [header];
  const file = await open(header, 'r');
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(16_384), position: 0 });
    const text = buffer.toString('latin1', 0, bytesRead);
    const named = /^(?:ElementDataFile[ \t]*=|data ?file:)[ \t]*(.*?)\s*$/im.exec(text)?.[1];
    // A file in another folder is not read as voxels either.
    const beside = named === undefined || named === 'LOCAL' ? null : siblingFile(named);
    const voxels = beside === null ? null : join(dirname(header), beside);
    return voxels !== null && existsSync(voxels) ? [header, voxels] : [header];
  } finally {
    await file.close();
  }
}

/** Whether the path is a folder or a link to one. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
