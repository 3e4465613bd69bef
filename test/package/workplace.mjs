// Empty folders with an empty home and cache, and a way to run commands in them.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const npmCli = fs.realpathSync(
  process.env.npm_execpath ??
    path.join(path.dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
);

/** Creates a workplace. @param {string} base temporary folder of this run */
export const workplace = (base) => {
  const bin = path.join(base, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  // Only Node, a shell and npm: in particular no Python.
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  fs.symlinkSync('/bin/sh', path.join(bin, 'sh'));
  fs.symlinkSync('/usr/bin/env', path.join(bin, 'env'));
  for (const name of ['npm', 'npx'])
    fs.symlinkSync(path.join(path.dirname(npmCli), `${name}-cli.js`), path.join(bin, name));

  /** Creates a folder with the given files and an empty home. */
  const place = (name, files = {}) => {
    const folder = path.join(base, name);
    for (const each of ['app', 'home']) fs.mkdirSync(path.join(folder, each), { recursive: true });
    for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, 'app', file), text);
    return folder;
  };

  /**
   * Runs a command in a folder, with a PATH of only the above unless `env` has another. Returns stdout, or all output
   * if another exit code than 0 is expected.
   * @throws Error with the output, if the exit code is not the expected one
   */
  const run = (folder, command, args, { env = {}, expected = 0 } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: path.join(folder, 'app'),
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: bin,
          HOME: path.join(folder, 'home'),
          CI: 'true',
          // The user's registry and certificates are not under test.
          npm_config_userconfig: process.env.npm_config_userconfig ?? path.join(os.homedir(), '.npmrc'),
          npm_config_cache: path.join(base, 'npm-cache'),
          npm_config_update_notifier: 'false',
          npm_config_audit: 'false',
          npm_config_fund: 'false',
          ...env,
        },
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (chunk) => {
        stdout += chunk;
      });
      child.stderr.setEncoding('utf8').on('data', (chunk) => {
        stderr += chunk;
      });
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === expected) return resolve(expected === 0 ? stdout : `${stdout}${stderr}`);
        const line = `${command} ${args.join(' ')}`;
        reject(new Error(`running ${line}: found exit code ${code}, expected ${expected}\n${stdout}\n${stderr}`));
      });
    });

  /** Runs a tool, which npm fetches. */
  const tool = (folder, spec, args, options) =>
    run(folder, 'npm', ['exec', '--yes', `--package=${spec}`, '--', ...args], {
      ...options,
      env: { PATH: `${bin}${path.delimiter}${process.env.PATH}`, ...options?.env },
    });

  return { bin, place, run, tool };
};
