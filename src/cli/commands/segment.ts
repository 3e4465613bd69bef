import { Command } from 'commander';
import { type BatchEvent, type BatchScanEvent, segmentScans, segmentScansSchema } from '../../evaluate/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { type Output, openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { scanProgress } from '../progress.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { labelled, plural } from '../text.js';
import { untilInterrupted } from '../untilInterrupted.js';

/** Number of skipped files to name; the rest are counted. */
const MOST_SKIPPED = 5;

export function segmentCommand(): Command {
  const command = new Command('segment')
    .description('Find, measure and write the nodules of scans.')
    .argument('<scans...>', 'DICOM folders or files, MetaImage, NIfTI or NRRD files, or folders with many of them')
    .option('--json', JSON_HELP);
  const given = addSchemaOptions(command, segmentScansSchema);
  command.action(async (scans: string[], { json = false }: { json?: boolean }) => {
    const options = parseOptions('segment', segmentScansSchema, given());
    const output = openOutput(json);
    await untilInterrupted(output, async (signal) => {
      output.progress.show({ label: 'find scans', done: 0, total: scans.length });
      for await (const event of segmentScans(scans, options, { signal })) {
        output.event(event);
        show(event, output);
      }
    });
  });
  return command;
}

function show(event: BatchEvent, output: Output): void {
  if (event.type === 'progress') output.progress.show(scanProgress({ label: 'segment', ...event }));
  else if (event.type === 'start') {
    for (const { path, reason } of event.skipped.slice(0, MOST_SKIPPED)) output.print(`Skipped: ${path}: ${reason}`);
    const more = event.skipped.length - MOST_SKIPPED;
    if (more > 0) output.print(`Skipped: ${more} more; --json lists all.`);
  } else if (event.type === 'scan') showScan(event, output);
  else {
    output.progress.clear();
    const { out, scans, done, kept, nodules, failed, status } = event;
    const before = kept === 0 ? '' : `; ${kept} from an earlier run`;
    output.print(labelled('Results', `${out}  (${plural(nodules, 'nodule')} in ${plural(done, 'scan')}${before})`));
    for (const { path, message } of failed)
      output.print(`error: ${message.includes(path) ? '' : `${path}: `}${message}`);
    if (status === 'finished') return;
    output.print(`error: ${failed.length} of ${plural(scans, 'scan')} failed`);
    process.exitCode = 1;
  }
}

function showScan(event: BatchScanEvent, output: Output): void {
  if (event.status === 'failed') {
    output.print(`${event.name}: failed`);
    return;
  }
  const { nodules, notes } = event.result;
  output.print(`${event.name}: ${plural(nodules.length, 'nodule')}${event.status === 'kept' ? ', kept' : ''}`);
  for (const note of notes) output.print(output.wrap(`  Note: ${note}`, 8));
}
