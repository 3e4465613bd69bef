import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readVolume, writeMask } from '../ct/index.js';
import { createRule, type LabelRule, labelRuleSchema } from '../labels/index.js';
import { type Dataset, defaultBackgroundPoints, readPatients } from './dataset.js';
import { imageFiles } from './imagesIn.js';
import type { LabelledScan } from './labelledScan.js';
import { labelScan } from './labelScan.js';
import { type Luna16, type Luna16Series, lunaTruth, openLuna16 } from './luna16.js';
import { readPreparedScan, writePreparedScan } from './preparedScan.js';
import { openStore, type Store, scanFolder, writeStoreIndex } from './store.js';

export const prepareOptionsSchema = z.strictObject({
  data: z.string().min(1).describe('folder of scans in LUNA16 layout'),
  out: z.string().min(1).describe('folder of the prepared store; what is in it already is kept'),
  backgroundPoints: z.int().min(0).default(defaultBackgroundPoints).describe('places without a nodule in each scan'),
  ...labelRuleSchema.shape,
  export: z.string().min(1).optional().describe('also write each mask there, as UID_mask.mhd'),
});

export interface PrepareProgress {
  done: number;
  scans: number;
  uid: string;
  /** Whether it was there already. */
  kept: boolean;
  nodules: number;
}

/**
 * Makes the ground truth of every scan and puts scan and truth into a store. A scan's folder is named after the hash of
 * its file, its annotations and mask, the rule's version and options: what is the same is not made again, and what
 * changed never passes for the old.
 */
export async function prepare(
  input: z.input<typeof prepareOptionsSchema>,
  onProgress: (progress: PrepareProgress) => void = () => {},
): Promise<Dataset> {
  const { data, out, export: exported, backgroundPoints, ...labels } = prepareOptionsSchema.parse(input);
  const rule = createRule(labels);
  const luna = await openLuna16(data);
  const patients = await readPatients(join(data, 'patients.csv'));
  await mkdir(join(out, 'scans'), { recursive: true });
  if (exported !== undefined) await mkdir(exported, { recursive: true });
  const scans: Store['scans'] = [];
  for (const series of luna.series) {
    const key = await keyOf(luna, series, rule, backgroundPoints);
    const folder = scanFolder(out, key);
    const kept = existsSync(folder);
    let scan: LabelledScan | undefined;
    if (!kept) {
      const volume = await readVolume(series.path, { intensity: 'hu' });
      scan = await labelScan(volume, lunaTruth(luna, series.uid), rule, backgroundPoints);
      await writePreparedScan(folder, scan);
    }
    if (exported !== undefined) {
      scan ??= await readPreparedScan(folder);
      const { shape, spacing, origin, direction, uid } = scan.volume;
      const mask = { voxels: scan.mask, shape, spacing, origin, direction, uid };
      await writeMask(join(exported, `${uid}_mask.mhd`), mask);
    }
    scans.push({ uid: series.uid, patient: patients.get(series.uid) ?? null, subset: series.subset, key });
    const nodules = luna.annotations.get(series.uid)?.length ?? 0;
    onProgress({ done: scans.length, scans: luna.series.length, uid: series.uid, kept, nodules });
  }
  await writeStoreIndex(out, {
    format: 'nodule-train-store',
    version: 1,
    ruleVersion: rule.version,
    options: { rule: rule.name, ...rule.options, backgroundPoints },
    missing: luna.missing,
    scans,
  });
  return openStore(out);
}

/** SHA-256, shortened, over all that a prepared scan is made of. */
async function keyOf(luna: Luna16, series: Luna16Series, rule: LabelRule, backgroundPoints: number): Promise<string> {
  const hash = createHash('sha256');
  const truth = lunaTruth(luna, series.uid);
  const annotations = truth.annotations.map(({ line: _, ...annotation }) => annotation);
  const { name, version, options } = rule;
  hash.update(JSON.stringify([name, version, options, backgroundPoints, series.uid, annotations]));
  for (const header of [series.path, ...rule.files(truth)])
    for (const file of await imageFiles(header)) for await (const bytes of createReadStream(file)) hash.update(bytes);
  return hash.digest('hex').slice(0, 32);
}
