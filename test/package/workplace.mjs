// Empty folders with an empty home and cache, and commands run in them.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const npmCli = fs.realpathSync(
  process.env.npm_execpath ??
    path.join(path.dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
);

/** @param {string} base temporary folder of this run */
export const workplace = (base) => {
  const bin = path.join(base, 'bin');
  fs.mkdirSync(bin, { recursive: true });
  // Nothing but Node: above all no Python.
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  fs.symlinkSync('/bin/sh', path.join(bin, 'sh'));
  fs.symlinkSync('/usr/bin/env', path.join(bin, 'env'));
  for (const name of ['npm', 'npx'])
    fs.symlinkSync(path.join(path.dirname(npmCli), `${name}-cli.js`), path.join(bin, name));

  /** A folder of its own with files, and a home and cache that are empty. */
  const place = (name, files = {}) => {
    const folder = path.join(base, name);
    for (const each of ['app', 'home']) fs.mkdirSync(path.join(folder, each), { recursive: true });
    for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, 'app', file), text);
    return folder;
  };

  /** Runs a command in a place, by default with a PATH of only the above; gives stdout, or throws what was said. */
  const run = (folder, command, args, { env = {}, wanted = 0 } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        cwd: path.join(folder, 'app'),
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: bin,
          HOME: path.join(folder, 'home'),
          CI: 'true',
          // The mirror and certificates of npm's user are not what is tested.
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
        if (code === wanted) return resolve(wanted === 0 ? stdout : `${stdout}${stderr}`);
        reject(new Error(`${command} ${args.join(' ')}: exit code ${code}, wanted ${wanted}\n${stdout}\n${stderr}`));
      });
    });

  /** Runs a tool that npm fetches. */
  const tool = (folder, spec, args, options) =>
    run(folder, 'npm', ['exec', '--yes', `--package=${spec}`, '--', ...args], {
      ...options,
      env: { PATH: `${bin}${path.delimiter}${process.env.PATH}`, ...options?.env },
    });

  return { bin, place, run, tool };
};
