import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import {
  collectGarbage,
  type PrepareOptions,
  type PrepareProgress,
  prepare,
  prepareOptionsSchema,
  verifyStore,
} from '../../data/index.js';
import { type AuditCounts, LOST_LABELS_FILE, labelsEvent } from '../../labels/index.js';
import { NoduleTrainError, shellWord } from '../../runtime/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { labelLines } from '../labelLines.js';
import { type Output, openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { labelled, plural } from '../text.js';

const commandSchema = prepareOptionsSchema
  .extend({
    data: prepareOptionsSchema.shape.data.optional(),
    verify: z
      .boolean()
      .default(false)
      .describe('check the hashes of the store, and with --data of its source; prepare nothing'),
    gc: z.boolean().default(false).describe('delete prepared scans that the store no longer uses'),
  })
  .refine(({ data, verify, gc }) => data !== undefined || verify || gc, { path: ['data'] });

/** Number of notes on files to print; the rest are counted. */
const MOST_NOTES = 5;

export function prepareCommand(): Command {
  const command = new Command('prepare')
    .description('Make ground truth and store it with the scans in a form that training opens fast.')
    .option('--json', JSON_HELP);
  const given = addSchemaOptions(command, commandSchema);
  command.action(async ({ json = false }: { json?: boolean }) => {
    const { verify, gc, data, ...rest } = parseOptions('prepare', commandSchema, given());
    const options = data === undefined ? null : { ...rest, data };
    const output = openOutput(json);
    let figures: object = {};
    if (verify) figures = await runVerify(rest.out, options, output);
    else if (options !== null) figures = await runPrepare(options, output);
    if (gc) figures = { ...figures, ...(await runCollect(rest.out, output)) };
    output.event({ type: 'end', status: 'finished', out: rest.out, ...figures });
  });
  return command;
}

async function runPrepare(options: PrepareOptions, output: Output): Promise<object> {
  let nodules = 0;
  let kept = 0;
  let notes = 0;
  const onProgress = (progress: PrepareProgress) => {
    nodules += progress.nodules;
    kept += progress.kept ? 1 : 0;
    for (const note of progress.notes) if (notes++ < MOST_NOTES) output.print(`Note: series ${progress.uid}: ${note}`);
    output.event({ type: 'scan', ...progress });
    output.progress.show({ label: 'prepare', done: progress.done, total: progress.scans, unit: 'scans' });
  };
  const dataset = await prepare(options, onProgress, {
    onNotes: (found) => {
      for (const text of found) {
        output.event({ type: 'note', text });
        output.print(`Note: ${text}`);
      }
    },
    onWritten: (done, total) => output.progress.show({ label: 'write', done, total, unit: 'scans' }),
    onProgress: (progress) => {
      output.event({ type: 'audited', ...progress });
      output.progress.show({ label: 'audit', done: progress.done, total: progress.scans, unit: 'scans' });
    },
    onEnd: (counts) => {
      output.event({ type: 'audit', out: options.audit, ...counts });
      output.print(auditLine(options.audit!, counts));
    },
  });
  if (notes > MOST_NOTES) output.print(`Note: ${notes - MOST_NOTES} more notes; --json prints all.`);
  if (dataset.missing > 0) output.print(`${dataset.missing} annotated series have no scan on disk and were skipped.`);
  const account = dataset.labelAccount();
  const labels = labelsEvent(account, account.cases.length === 0 ? null : join(options.out, LOST_LABELS_FILE));
  output.event(labels);
  for (const line of labelLines(labels)) output.print(line);
  const scans = `${plural(dataset.scans.length, 'scan')} with ${plural(nodules, 'nodule')}`;
  output.print(labelled('Store', `${options.out}  (${scans}${kept === 0 ? '' : `; ${kept} already prepared`})`));
  output.print(labelled('Next', `npx nodule-train train --data ${shellWord(options.out)} --out RUN`));
  return { scans: dataset.scans.length, nodules, kept, missing: dataset.missing };
}

async function runVerify(out: string, options: PrepareOptions | null, output: Output): Promise<object> {
  let files = 0;
  const faults = await verifyStore(out, options, (done, total) => {
    files = total;
    output.progress.show({ label: 'verify', done, total, unit: 'scans' });
  });
  for (const fault of faults) {
    output.event({ type: 'fault', ...fault });
    output.print(`series ${fault.uid} is ${fault.kind}: ${fault.found}`);
  }
  if (faults.length > 0)
    throw new NoduleTrainError(
      'store-faults',
      `verifying ${out}: found ${plural(faults.length, 'bad scan')}: ${faults.map(({ uid }) => uid).join(', ')}`,
    );
  output.print(`${out}: every file is intact.`);
  return { verified: files };
}

async function runCollect(out: string, output: Output): Promise<object> {
  const collected = await collectGarbage(out);
  const { removed, bytes, busy } = collected;
  output.print(`${out}: deleted ${plural(removed, 'unused scan')}, ${(bytes / 2 ** 20).toFixed(1)} MiB.`);
  if (busy > 0)
    output.print(
      `Note: ${busy} other processes are preparing into it, so what they may use was kept. Run --gc again afterwards.`,
    );
  return collected;
}

const auditLine = (out: string, { scans, nodules, flaggedNodules, errors, warnings }: AuditCounts): string =>
  `Audit of ${nodules} nodules in ${scans} scans: ${flaggedNodules} flagged, with ${errors} errors and ${warnings} ` +
  `warnings. See ${out}/audit.html`;
