import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compiledFiles, compileTypeScript } from '../../scripts/setup/typescript.mjs';

let project: string;
const write = (file: string, text: string) => {
  fs.mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
  fs.writeFileSync(path.join(project, file), text);
};
const outputs = (...names: string[]) => names.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]).sort();

beforeAll(() => {
  project = fs.mkdtempSync(path.join(os.tmpdir(), 'nodule-train-compile-'));
  write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        rootDir: 'src',
        outDir: 'dist',
        declaration: true,
        allowJs: true,
        module: 'nodenext',
        types: [],
      },
      include: ['src'],
    }),
  );
  write('package.json', '{"type": "module"}');
  write('src/kept.ts', 'export const kept = 1;\n');
  write('src/plain.js', 'export const plain = 1;\n');
  write('src/rooms/moved.ts', 'export const moved = 1;\n');
});
afterAll(() => fs.rmSync(project, { recursive: true }));

it('compiling removes the compiled files whose source has moved, with their empty folder, and no other file', async () => {
  expect(await compileTypeScript(project)).toEqual({ fault: null, removed: [] });
  expect(compiledFiles(project)).toEqual(outputs('kept', 'plain', 'rooms/moved'));
  write('dist/.stamp', 'hash');
  write('dist/notes.txt', 'not compiled');
  fs.renameSync(path.join(project, 'src/rooms/moved.ts'), path.join(project, 'src/moved.ts'));
  expect(await compileTypeScript(project)).toEqual({ fault: null, removed: outputs('rooms/moved') });
  expect(compiledFiles(project)).toEqual(outputs('kept', 'moved', 'plain'));
  expect(fs.readdirSync(path.join(project, 'dist')).sort()).toEqual(
    ['.stamp', 'kept.d.ts', 'kept.js', 'moved.d.ts', 'moved.js', 'notes.txt', 'plain.d.ts', 'plain.js'].sort(),
  );
});

it('an error of the compiler is reported without its list of files, and nothing is removed', async () => {
  const before = compiledFiles(project);
  fs.rmSync(path.join(project, 'src/plain.js'));
  write('src/kept.ts', "export const kept: number = 'text';\n");
  const { fault } = await compileTypeScript(project);
  expect(fault).toMatch(/^src\/kept\.ts\(1,14\): error TS2322: .*\ntsc ended with exit code \d$/s);
  expect(fault).not.toContain('TSFILE');
  expect(compiledFiles(project)).toEqual(before);
});
