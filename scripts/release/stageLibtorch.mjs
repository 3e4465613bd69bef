// Stages the optional package with libtorch's CPU libraries in a folder.
import fs from 'node:fs';
import path from 'node:path';
import { LIBTORCH_PACKAGE, LIBTORCH_VERSION } from '../../src/runtime/versions.js';
import { LIBRARIES, LICENSES } from './libtorchContents.mjs';

const own = path.join(import.meta.dirname, 'licenses');

const manifest = {
  name: LIBTORCH_PACKAGE,
  version: LIBTORCH_VERSION,
  description: `The CPU libraries of libtorch ${LIBTORCH_VERSION} for nodule-train, unchanged from the PyTorch wheels`,
  license: 'SEE LICENSE IN licenses/README.md',
  os: ['linux'],
  cpu: ['x64'],
  libc: ['glibc'],
  files: ['torch', 'nvidia', 'licenses'],
  // Yarn's Plug'n'Play would leave the libraries in a zip, from which no linker can open them.
  preferUnplugged: true,
};

const readme = `# ${LIBTORCH_PACKAGE}

The CPU libraries of libtorch ${LIBTORCH_VERSION} for the package \`nodule-train\`, which finds them here: with this
package, \`npm install nodule-train\` is all you need, without Python or network access afterwards. It contains no code
of its own.

The libraries are byte for byte those in the wheels \`torch\` ${LIBTORCH_VERSION}, \`nvidia-cuda-runtime\` 13.0.96 and
\`nvidia-cuda-cupti\` 13.0.85; \`libtorch_cpu.so\` of that build links the last two even if no GPU is used. Linux on
x86-64 with glibc 2.28 or newer. Their licences are in \`licenses/\`.
`;

const licensesReadme = `# Licences

| text | applies to | taken from |
|---|---|---|
${LICENSES.map(({ file, of, source }) => `| [${file}](${file}) | ${of} | ${source} |`).join('\n')}

The source of libgomp is that of GCC 8.5.0 at https://gcc.gnu.org/releases.html, with the changes of AlmaLinux 8's
package gcc-8.5.0 (https://git.almalinux.org/rpms/gcc), on which PyTorch's wheels are built. The source of PyTorch is at
https://github.com/pytorch/pytorch, tag v${LIBTORCH_VERSION}.
`;

const copyInto = (folder, file, from) => {
  fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  fs.copyFileSync(from, path.join(folder, file), fs.constants.COPYFILE_FICLONE);
};

/**
 * Stages the licences only.
 * @param {string} folder
 * @param {string} wheels folder of the unpacked pinned wheels
 */
export const stageLicenses = (folder, wheels) => {
  for (const { file, from } of LICENSES) {
    const [kind, name] = from.split(':');
    copyInto(folder, `licenses/${file}`, path.join(kind === 'wheel' ? wheels : own, name));
  }
  fs.writeFileSync(path.join(folder, 'licenses', 'README.md'), licensesReadme);
};

/**
 * Stages the whole package.
 * @param {string} folder
 * @param {string} wheels folder of the unpacked pinned wheels
 */
export const stageLibtorch = (folder, wheels) => {
  for (const file of Object.keys(LIBRARIES)) copyInto(folder, file, path.join(wheels, file));
  stageLicenses(folder, wheels);
  fs.writeFileSync(path.join(folder, 'README.md'), readme);
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
};
