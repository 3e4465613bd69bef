// Loaded with `--import`: appends one line of JSON to $RECORDED_SYNCS for every rename and every fsync, in all threads,
// so that a test can check what survives a power cut.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';

const target = process.env.RECORDED_SYNCS;
const write = fs.appendFileSync;
const record = (entry) => write(target, `${JSON.stringify(entry)}\n`);
const pathOf = (descriptor) => fs.readlinkSync(`/proc/self/fd/${descriptor}`);

for (const name of ['fsyncSync', 'fdatasyncSync']) {
  const original = fs[name];
  fs[name] = (descriptor) => {
    original(descriptor);
    record({ sync: pathOf(descriptor) });
  };
}
const renamed = (from, to) => record({ rename: path.resolve(String(from)), to: path.resolve(String(to)) });
const { renameSync } = fs;
fs.renameSync = (from, to) => {
  renameSync(from, to);
  renamed(from, to);
};
const { rename } = fs.promises;
fs.promises.rename = async (from, to) => {
  await rename(from, to);
  renamed(from, to);
};
const probe = await fs.promises.open(process.execPath);
const handles = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ['sync', 'datasync']) {
  const original = handles[name];
  handles[name] = async function () {
    await original.call(this);
    record({ sync: pathOf(this.fd) });
  };
}
syncBuiltinESMExports();
