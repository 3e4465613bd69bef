import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileHash, fileHashSync } from '../../../dist/runtime/files/fileHash.js';
import { replaceFile, replaceFileSync } from '../../../dist/runtime/files/replaceFile.js';
import { sweepAbandoned, temporaryName } from '../../../dist/runtime/files/temporaryName.js';
import { scratchFolderPerTest } from '../../support/scratch.js';

const folder = scratchFolderPerTest('files');
const at = (name: string) => path.join(folder, name);

const both = [
  { name: 'replaceFile', replace: replaceFile },
  { name: 'replaceFileSync', replace: async (...args: Parameters<typeof replaceFileSync>) => replaceFileSync(...args) },
];

describe.each(both)('$name', ({ replace }) => {
  it('writes text and pieces, and leaves no other file', async () => {
    await replace(at('a'), 'text');
    await replace(at('a'), [new Uint8Array([97]), new Uint8Array([98, 99])]);
    expect(fs.readFileSync(at('a'), 'utf8')).toBe('abc');
    expect(fs.readdirSync(folder)).toEqual(['a']);
  });

  it('accepts names of 255 bytes', async () => {
    const name = at('ä'.repeat(127));
    await replace(name, 'x');
    expect(fs.readFileSync(name, 'utf8')).toBe('x');
  });

  it('keeps a symbolic link and replaces its target, also one that does not exist yet', async () => {
    fs.mkdirSync(at('elsewhere'));
    fs.symlinkSync('elsewhere/target', at('link'));
    for (const text of ['first', 'second']) {
      await replace(at('link'), text);
      expect(fs.lstatSync(at('link')).isSymbolicLink()).toBe(true);
      expect(fs.readFileSync(at('elsewhere/target'), 'utf8')).toBe(text);
    }
  });

  it('never replaces a pipe or a folder', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await expect(replace(at('pipe'), 'x')).rejects.toThrow(
      `writing ${at('pipe')}: it is a device, pipe or socket, not a regular file. ` +
        'What was there before is unchanged.',
    );
    expect(fs.lstatSync(at('pipe')).isFIFO()).toBe(true);
    await expect(replace(folder, 'x')).rejects.toThrow('it is a folder, not a regular file');
  });

  it.skipIf(process.getuid?.() === 0)(
    'writes into a folder that it may not list (skipped for root, who may)',
    async () => {
      fs.mkdirSync(at('blind'));
      fs.chmodSync(at('blind'), 0o333);
      await replace(at('blind/a'), 'x');
      fs.chmodSync(at('blind'), 0o755);
      expect(fs.readdirSync(at('blind'))).toEqual(['a']);
    },
  );

  it('names the folder that does not exist', async () => {
    await expect(replace(at('no/such'), 'x')).rejects.toMatchObject({
      name: 'NoduleTrainError',
      code: 'write-failed',
      message: `writing ${at('no/such')}: the folder ${at('no')} does not exist. What was there before is unchanged.`,
    });
    await expect(replace(at('no/such'), 'x', 'scan-write')).rejects.toMatchObject({ code: 'scan-write' });
  });
});

it('sweepAbandoned deletes only what a dead process was writing', async () => {
  const script = `
    import fs from 'node:fs';
    const { temporaryName } = await import(${JSON.stringify(path.resolve('dist/runtime/files/temporaryName.js'))});
    fs.writeFileSync(temporaryName(${JSON.stringify(at('dead'))}), '');`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).status).toBe(0);
  const own = temporaryName(at('own'));
  for (const name of [own, at('other.tmp'), at('file')]) fs.writeFileSync(name, '');
  const yearsAgo = new Date('2020-01-01');
  fs.utimesSync(at('other.tmp'), yearsAgo, yearsAgo);
  expect(fs.readdirSync(folder)).toHaveLength(4);
  await sweepAbandoned(folder);
  expect(fs.readdirSync(folder).sort()).toEqual(['file', 'other.tmp', path.basename(own)].sort());
});

it('fileHash and fileHashSync return size and SHA-256', async () => {
  fs.writeFileSync(at('a'), 'abc');
  const expected = { bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' };
  expect(await fileHash(at('a'))).toEqual(expected);
  expect(fileHashSync(at('a'))).toEqual(expected);
});
