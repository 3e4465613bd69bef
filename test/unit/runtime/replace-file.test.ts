import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
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

  it('follows chains of links, relative to the real folder, and refuses a loop', async () => {
    fs.mkdirSync(at('real/deep'), { recursive: true });
    fs.symlinkSync('real/deep', at('folder'));
    // From the real folder, `..` is `real` and not the folder of the link.
    fs.symlinkSync('../second', at('real/deep/first'));
    fs.symlinkSync('third', at('real/second'));
    for (const text of ['made', 'replaced']) {
      await replace(at('folder/first'), text);
      expect(fs.readFileSync(at('real/third'), 'utf8')).toBe(text);
    }
    for (const link of ['real/deep/first', 'real/second'])
      expect(fs.lstatSync(at(link)).isSymbolicLink(), link).toBe(true);
    fs.symlinkSync('missing/x', at('dangling'));
    await expect(replace(at('dangling'), 'x')).rejects.toThrow(
      /its symbolic link leads into a folder that does not exist/,
    );
    fs.symlinkSync('b', at('a'));
    fs.symlinkSync('a', at('b'));
    await expect(replace(at('a'), 'x')).rejects.toThrow(/its symbolic links form a loop/);
  });

  it('keeps the permissions of the file, and other hard links keep the old content', async () => {
    fs.writeFileSync(at('private'), 'old');
    fs.chmodSync(at('private'), 0o600);
    fs.linkSync(at('private'), at('other'));
    await replace(at('private'), 'new');
    expect(fs.statSync(at('private')).mode & 0o777).toBe(0o600);
    expect([fs.readFileSync(at('private'), 'utf8'), fs.readFileSync(at('other'), 'utf8')]).toEqual(['new', 'old']);
    fs.writeFileSync(at('shared'), 'old');
    fs.chmodSync(at('shared'), 0o666);
    await replace(at('shared'), 'new');
    expect(fs.statSync(at('shared')).mode & 0o777).toBe(0o666);
  });

  it('never replaces a socket', async () => {
    const server = net.createServer().listen(at('socket'));
    await once(server, 'listening');
    try {
      await expect(replace(at('socket'), 'x')).rejects.toThrow(/a device, pipe or socket/);
      expect(fs.lstatSync(at('socket')).isSocket()).toBe(true);
    } finally {
      server.close();
    }
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

it('a link to a device is refused, as an ordinary user', () => {
  fs.symlinkSync('/dev/null', at('link'));
  fs.chmodSync(folder, 0o755);
  const code = `import('${new URL('../../../dist/runtime/files/replaceFile.js', import.meta.url)}').then((m) => {
    try { m.replaceFileSync(${JSON.stringify(at('link'))}, 'x'); } catch (error) { console.log(error.message); }
    console.log(require('node:fs').lstatSync('/dev/null').isCharacterDevice());
  });`;
  const isRoot = process.getuid?.() === 0;
  const options = { encoding: 'utf8', cwd: '/', ...(isRoot ? { uid: 65534, gid: 65534 } : {}) } as const;
  const { stdout } = spawnSync(process.execPath, ['-e', code], options);
  expect(stdout).toMatch(/a device, pipe or socket[\s\S]*\ntrue\n$/);
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
