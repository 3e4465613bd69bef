// npm run release:gate: applies the release checks to the addon built in this checkout, which may be unstripped.
import fs from 'node:fs';
import path from 'node:path';
import { root, say } from '../setup/steps.mjs';
import { binaryFaults } from './binaries.mjs';

const release = path.join(root, 'build', 'Release');
const names = fs.existsSync(release) ? fs.readdirSync(release).filter((name) => /\.(node|so)$/.test(name)) : [];
const faults = names.flatMap((name) => binaryFaults(path.join(release, name), { stripped: false }));
if (!names.includes('torch_addon.node')) faults.push(`${release}: found no torch_addon.node. Run: npm run build`);
for (const fault of faults) say(fault);
say(`release:gate: ${names.join(', ')}: ${faults.length === 0 ? 'ready for release' : 'not ready for release'}`);
process.exitCode = faults.length === 0 ? 0 : 1;
