import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesOf, isImageFile, siblingFile, startsLikeDicom, uidOf } from '../../ct/index.js';

/** Finds the images of a folder by their names without extension, in alphabetical order; empty without the folder. */
export async function imagesIn(folder: string): Promise<Map<string, string>> {
  const files = await readdir(folder).catch(() => []);
  const images = files.filter((file) => !file.startsWith('.') && isImageFile(file)).sort();
  return new Map(images.map((file) => [uidOf(file), join(folder, file)]));
}

/**
 * Does what `imagesIn` does, and also finds DICOM files of any name, and subfolders that hold DICOM files: those of a
 * series, or of a mask. A file with the extension of an image takes precedence over others of the same name.
 */
export async function imagesAndSeriesIn(folder: string): Promise<Map<string, string>> {
  const images = await imagesIn(folder);
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries.sort()) {
    const path = join(folder, entry);
    if (entry.startsWith('.') || isImageFile(entry)) continue;
    const inside = (await isFolder(path)) ? await filesOf(path).catch(() => []) : null;
    if (inside === null ? !startsLikeDicom(path) : !inside.some(startsLikeDicom)) continue;
    // The last number of a UID is not an extension.
    const name = inside === null ? entry.replace(/\.[a-z]\w*$/i, '') : entry;
    if (!images.has(name)) images.set(name, path);
  }
  return images;
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
export async function imageFiles(header: string): Promise<string[]> {
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

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
