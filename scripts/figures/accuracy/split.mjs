// Writes the splits 1.json … 4.json of the accuracy study: fold 0 validates, fold N tests, the other three train.
// Patients 0001 to 0003 are excluded.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDataset } from '../../../dist/data/index.js';
import { assignFold } from '../../../dist/data/splits/folds.js';

const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
const EXCLUDED = new Set(['LIDC-IDRI-0001', 'LIDC-IDRI-0002', 'LIDC-IDRI-0003']);
const { scans } = await openDataset(values.data);
const used = scans.filter(({ patient }) => !EXCLUDED.has(patient));
const inFolds = (includes) => used.filter(({ patient }) => includes(assignFold(patient, 5))).map(({ uid }) => uid);
mkdirSync(values.out, { recursive: true });
for (const tested of [1, 2, 3, 4]) {
  const split = {
    format: 'nodule-train-split',
    seed: 1,
    unit: 'patient',
    rule: 'fold',
    train: inFolds((fold) => fold !== 0 && fold !== tested),
    validation: inFolds((fold) => fold === 0),
    test: inFolds((fold) => fold === tested),
  };
  writeFileSync(join(values.out, `${tested}.json`), `${JSON.stringify(split, null, 1)}\n`);
}
