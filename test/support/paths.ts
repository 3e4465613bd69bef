import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The repository. Every path of a test starts here, so that no test depends on the folder it is started in. */
export const root = path.resolve(import.meta.dirname, '..', '..');

export const inRoot = (...parts: string[]): string => path.join(root, ...parts);
export const inDist = (...parts: string[]): string => inRoot('dist', ...parts);
export const inGolden = (...parts: string[]): string => inRoot('test', 'golden', ...parts);
/** A program of test/support. */
export const inSupport = (...parts: string[]): string => inRoot('test', 'support', ...parts);

/** The program behind `nodule-train`. */
export const main = inDist('cli', 'main.js');

/** Specifier with which a program given as text imports the torch API. */
export const torchUrl = pathToFileURL(inDist('torch', 'index.js')).href;
