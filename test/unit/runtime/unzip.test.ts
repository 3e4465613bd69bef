import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { zipSync } from 'fflate';
import { beforeEach, expect, it } from 'vitest';
import { unzipMember, zipMembers } from '../../../dist/runtime/files/unzip.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const folder = scratchFolderPerTest('unzip');
let file: string;
beforeEach(() => {
  file = path.join(folder, 'x.whl');
});

const unzip = async (into = path.join(folder, 'out')) => {
  for (const member of zipMembers(file)) await unzipMember(file, member, into);
  return (name: string) => fs.readFileSync(path.join(into, name));
};

it('unpacks stored, deflated and empty members', async () => {
  const [stored, deflated] = [randomBytes(700_000), Buffer.alloc(3_000_000, 'nodule')];
  fs.writeFileSync(
    file,
    zipSync({ 'a/stored': [stored, { level: 0 }], 'a/b/deflated': deflated, empty: new Uint8Array() }),
  );
  expect(zipMembers(file).map(({ name, size }) => [name, size])).toEqual([
    ['a/stored', 700_000],
    ['a/b/deflated', 3_000_000],
    ['empty', 0],
  ]);
  const read = await unzip();
  expect(read('a/stored').equals(stored)).toBe(true);
  expect(read('a/b/deflated').equals(deflated)).toBe(true);
  expect(read('empty').length).toBe(0);
});

it('a truncated archive is refused, wherever it ends', () => {
  const zip = zipSync({ one: randomBytes(1000), two: randomBytes(1000) });
  for (const length of [0, 10, 1000, zip.length - 30, zip.length - 1]) {
    fs.writeFileSync(file, zip.subarray(0, length));
    expect(() => zipMembers(file)).toThrow(expect.objectContaining({ code: 'archive-broken' }));
  }
});

it('a member with damaged bytes is refused', async () => {
  const zip = zipSync({ one: Buffer.alloc(100_000, 'x') });
  fs.writeFileSync(file, zip.fill(255, 40, 90));
  await expect(unzip()).rejects.toMatchObject({
    code: 'archive-broken',
    message: expect.stringContaining("member 'one'"),
  });
});

it('a member that would leave the folder is refused', async () => {
  fs.writeFileSync(file, zipSync({ '../outside': randomBytes(10) }));
  await expect(unzip()).rejects.toThrow("member '../outside' points outside the folder");
  expect(fs.existsSync(path.join(folder, 'outside'))).toBe(false);
});
