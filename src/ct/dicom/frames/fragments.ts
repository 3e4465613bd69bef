import type { FileHandle } from 'node:fs/promises';

/** (FFFE,E000), which begins an item, as a little-endian number. */
const itemTag = 0xe000fffe;

/** (FFFE,E0DD), which ends a sequence of undefined length. */
const sequenceEndTag = 0xe0ddfffe;

interface Fragment {
  /** Offset of its item's tag from the first byte after the offset table, which is how that table counts. */
  readonly place: number;
  /** Offset of its first byte in the file. */
  readonly start: number;
  readonly length: number;
}

/**
 * Finds the fragments of each frame of encapsulated pixels (PS3.5 section A.4). `offset` is where the value of
 * PixelData begins and `end` where the file ends. Fragments are assigned to frames by the basic offset table if the
 * file has one. Else a single frame gets all fragments; as many fragments as frames get one each; otherwise a frame
 * ends with the marker that ends a JPEG image. Throws an Error that says what is wrong.
 */
export const frameFragments = async (
  file: FileHandle,
  offset: number,
  end: number,
  frames: number,
): Promise<readonly (readonly Fragment[])[]> => {
  const [table, ...fragments] = await itemsOf(file, offset, end);
  if (table === undefined || fragments.length === 0) throw new Error('its pixels have no fragment');
  if (table.length > 0) return byTable(await offsetsOf(file, table, frames), fragments);
  if (frames === 1) return [fragments];
  if (fragments.length === frames) return fragments.map((fragment) => [fragment]);
  return byEndMarker(file, fragments, frames);
};

const itemsOf = async (file: FileHandle, offset: number, end: number): Promise<Fragment[]> => {
  const items: Fragment[] = [];
  const header = Buffer.alloc(8);
  for (let at = offset; ; ) {
    if (at + 8 > end || (await file.read(header, 0, 8, at)).bytesRead < 8)
      throw new Error('the file ends before its fragments do');
    const [tag, length] = [header.readUInt32LE(0), header.readUInt32LE(4)];
    if (tag === sequenceEndTag) return items;
    if (tag !== itemTag) throw new Error(`fragment ${items.length} does not begin with the tag of an item`);
    if (length > end - at - 8) throw new Error(`fragment ${items.length} runs beyond the end of the file`);
    const first = items[0];
    items.push({ place: first === undefined ? 0 : at - first.start - first.length, start: at + 8, length });
    at += 8 + length;
  }
};

const offsetsOf = async (file: FileHandle, { start, length }: Fragment, frames: number): Promise<number[]> => {
  if (length !== 4 * frames) throw new Error(`its offset table has ${length} bytes for ${frames} frames`);
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, start);
  return Array.from({ length: frames }, (_, frame) => bytes.readUInt32LE(4 * frame));
};

const byTable = (offsets: readonly number[], fragments: readonly Fragment[]): Fragment[][] => {
  const indexOf = new Map(fragments.map(({ place }, index) => [place, index]));
  const firsts = offsets.map((offset, frame) => {
    const first = indexOf.get(offset);
    if (first === undefined)
      throw new Error(`its offset table has ${offset} for frame ${frame}, where no fragment begins`);
    return first;
  });
  return firsts.map((first, frame) => {
    const next = firsts[frame + 1] ?? fragments.length;
    if (next <= first || (frame === 0 && first !== 0))
      throw new Error('its offset table is not in ascending order from 0');
    return fragments.slice(first, next);
  });
};

const byEndMarker = async (file: FileHandle, fragments: readonly Fragment[], frames: number): Promise<Fragment[][]> => {
  const grouped: Fragment[][] = [[]];
  const tail = Buffer.alloc(3);
  for (const fragment of fragments) {
    grouped.at(-1)!.push(fragment);
    const taken = Math.min(3, fragment.length);
    await file.read(tail, 0, taken, fragment.start + fragment.length - taken);
    if (/\xff\xd9\0?$/.test(tail.toString('latin1', 0, taken))) grouped.push([]);
  }
  if (grouped.at(-1)!.length === 0) grouped.pop();
  if (grouped.length !== frames)
    throw new Error(`its ${fragments.length} fragments are ${grouped.length} images, expected ${frames}`);
  return grouped;
};
