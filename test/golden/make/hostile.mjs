// Writes test/golden/hostile.json: the hostile calls that give a value, not an error. Read the change through: each is
// to be the value that PyTorch would give, or harmless. Usage: node test/golden/make/hostile.mjs
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const child = new URL('../../support/hostile/child.mjs', import.meta.url).pathname;
const { stdout } = spawnSync(process.execPath, [child, 'values', '0'], { encoding: 'utf8', maxBuffer: 2 ** 28 });
const golden = {};
for (const line of stdout.split('\n')) {
  const { name, value } = line === '' ? {} : JSON.parse(line);
  if (value === undefined) continue;
  const [place, given] = name.split(', v = ');
  golden[place] ??= {};
  golden[place][given] = value;
}
fs.writeFileSync(new URL('../hostile.json', import.meta.url), `${JSON.stringify(golden, null, 1)}\n`);
