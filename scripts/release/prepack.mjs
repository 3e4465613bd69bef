// Runs before `npm pack` and `npm publish` in the checkout, unless scripts are ignored (`private` in package.json
// refuses the latter anyway). Published tarballs come from release:pack only.
import { root, say } from '../setup/steps.mjs';
import { prebuildFaults } from './packageContents.mjs';

const faults = prebuildFaults(root);
if (faults.length > 0) {
  say(`npm pack: found no prebuilt addon for publication in this checkout: ${faults.join('; ')}`);
  say('Create the tarballs with: npm run release:pack -- --out DIR');
  process.exit(1);
}
say(
  'npm pack: note that `npm run release:pack -- --out DIR` creates the published package, with its optional dependency',
);
