// `npm pack` and `npm publish` in the checkout run this first (not under ignore-scripts, and `private` in package.json
// refuses the second in any case). What is published is made by release:pack alone.
import { root, say } from '../setup/steps.mjs';
import { prebuildFaults } from './packageContents.mjs';

const faults = prebuildFaults(root);
if (faults.length > 0) {
  say(
    `npm pack: this checkout has no prebuilt addon that could be published (${faults.join('; ')}). The tarballs are made by: npm run release:pack -- --out DIR`,
  );
  process.exit(1);
}
say(
  'npm pack: note that the published package is made by `npm run release:pack -- --out DIR`, which adds its optional dependency',
);
