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
import type { AuditCounts } from '../../labels/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { type Output, openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';

const commandSchema = prepareOptionsSchema
  .extend({
    data: prepareOptionsSchema.shape.data.optional(),
    verify: z
      .boolean()
      .default(false)
      .describe('hash every file of the store again, and with --data those of the source; prepare nothing'),
    gc: z.boolean().default(false).describe('take away the prepared scans that the store does not use any more'),
  })
  .refine(({ data, verify, gc }) => data !== undefined || verify || gc, { path: ['data'] });

/** Notes on files that are printed; the rest is counted. */
const mostNotes = 5;

export function prepareCommand(): Command {
  const command = new Command('prepare')
    .description('Make ground truth and put scans and truth into a store that training opens fast.')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr');
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
    for (const note of progress.notes) if (notes++ < mostNotes) output.print(`note: series ${progress.uid}: ${note}`);
    output.event({ type: 'scan', ...progress });
    output.progress.show({ label: 'prepare', done: progress.done, total: progress.scans, unit: 'scans' });
  };
  const dataset = await prepare(options, onProgress, {
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
  if (notes > mostNotes) output.print(`note: ${notes - mostNotes} further notes; --json has them all.`);
  if (dataset.missing > 0) output.print(`${dataset.missing} annotated series are not on disk and were left out.`);
  output.print(
    `${options.out}: ${dataset.scans.length} scans with ${nodules} nodules, ${kept} of them prepared before. ` +
      `Train with: npx nodule-train train --data ${options.out} --out RUN`,
  );
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
      `verifying ${out}: ${faults.length} scans are not as they should be: ${faults.map(({ uid }) => uid).join(', ')}`,
    );
  output.print(`${out}: every file is as it was written.`);
  return { verified: files };
}

async function runCollect(out: string, output: Output): Promise<object> {
  const collected = await collectGarbage(out);
  const { removed, bytes, busy } = collected;
  output.print(`${out}: took away ${removed} unused scans, ${(bytes / 2 ** 20).toFixed(1)} MiB.`);
  if (busy > 0)
    output.print(
      `${busy} other processes prepare into it: what they may use was left; collect again when they are done.`,
    );
  return collected;
}

const auditLine = (out: string, { scans, nodules, flaggedNodules, errors, warnings }: AuditCounts): string =>
  `Audit of ${nodules} nodules in ${scans} scans: ${flaggedNodules} flagged, with ${errors} errors and ${warnings} warnings. Look at ${out}/audit.html`;
