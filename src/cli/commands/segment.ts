import { basename } from 'node:path';
import { Command } from 'commander';
import { type BatchEvent, type BatchScanEvent, segmentScans, segmentScansSchema } from '../../evaluate/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { type Output, openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { scanProgress } from '../progress.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { batchSummary, nodulesTable } from '../segmentView.js';
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
    const view = new SegmentView(output);
    output.progress.show({ label: 'find scans', done: 0, total: scans.length });
    await untilInterrupted(output, async (signal) => {
      for await (const event of segmentScans(scans, options, { signal })) {
        output.event(event);
        view.show(event);
      }
    });
  });
  return command;
}

/** Shows the events of a batch to people. */
class SegmentView {
  readonly #output: Output;
  readonly #start = performance.now();
  #scans = 0;
  #withoutNodules = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(event: BatchEvent): void {
    const output = this.#output;
    if (event.type === 'progress') {
      output.progress.show(scanProgress({ label: 'segment', ...event }));
    } else if (event.type === 'start') {
      this.#scans = event.scans;
      for (const { path, reason } of event.skipped.slice(0, MOST_SKIPPED))
        output.print(output.wrap(`Skipped ${basename(path)}: ${reason}`, 2));
      const more = event.skipped.length - MOST_SKIPPED;
      if (more > 0) output.print(`Skipped ${plural(more, 'more file')}; --json lists all.`);
    } else if (event.type === 'scan') {
      this.#showScan(event);
    } else {
      const { done, kept, nodules, failed, out, status } = event;
      output.progress.clear();
      if (this.#scans > 1)
        for (const line of batchSummary({
          done: done - kept,
          skipped: kept,
          nodules,
          withoutNodules: this.#withoutNodules,
          seconds: (performance.now() - this.#start) / 1000,
          failed: failed.map(({ name, message }) => ({ name, reason: message })),
        }))
          output.print(line);
      output.print(labelled('Results', out));
      if (status === 'finished') return;
      if (this.#scans === 1) process.stderr.write(`error: ${failed[0]!.message}\n`);
      process.exitCode = 1;
    }
  }

  #showScan(event: BatchScanEvent): void {
    const output = this.#output;
    if (event.status === 'failed') {
      if (this.#scans > 1) output.print(`${event.name}: failed`);
      return;
    }
    const { nodules, notes, series } = event.result;
    if (nodules.length === 0) this.#withoutNodules++;
    for (const note of notes) output.print(output.wrap(`Note: ${note}`, 6));
    if (this.#scans > 1) output.print(`${event.name}: ${plural(nodules.length, 'nodule')}`);
    else for (const line of [`Series     ${series}`, ...nodulesTable(nodules)]) output.print(line);
  }
}
