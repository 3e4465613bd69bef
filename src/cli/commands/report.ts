import { Command } from 'commander';
import { z } from 'zod';
import { type Report, writeReport } from '../../evaluate/index.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { untilInterrupted } from '../untilInterrupted.js';

export const reportSchema = z.strictObject({
  data: z.string().min(1).optional().describe('where the data of the run lie now; default where they were'),
  scans: z.int().min(0).default(0).describe('validation scans to score at most; 0: all'),
  pictures: z.int().min(0).max(24).default(6).describe('best nodules, and worst ones, to show'),
  device: z.string().default('auto').describe('auto (CUDA where it works), cpu, cuda or cuda:N'),
});

export function reportCommand(): Command {
  const command = new Command('report')
    .description('Write report.html into the folder of a run: one page that needs no network.')
    .argument('<run>', 'folder of the run')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr; the last one holds the figures');
  const given = addSchemaOptions(command, reportSchema);
  command.action(async (run: string, { json = false }: { json?: boolean }) => {
    const options = parseOptions('report', reportSchema, given());
    const output = openOutput(json);
    await untilInterrupted(output, async (signal) => {
      const report = await writeReport(run, {
        ...options,
        signal,
        onProgress: (progress) => {
          output.event({ type: 'progress', ...progress });
          output.progress.show({ ...progress, done: Math.round(10 * progress.done) / 10, unit: 'scans' });
        },
      });
      output.progress.clear();
      for (const line of reportLines(report)) output.print(line);
      output.event({ type: 'end', status: 'finished', ...told(report) });
    });
  });
  return command;
}

/** What people are told of a report. */
export function reportLines({ path, bytes, missing, reason }: Report): string[] {
  return [
    `Report     ${path}  (${(bytes / 1e6).toFixed(1)} MB; open it in a browser)`,
    ...(missing === null ? [] : [`Without pictures, sizes, calibration and intervals: ${missing}`]),
    ...(reason === missing ? [] : [`The reason: ${reason}`]),
  ];
}

/** Pictures stay in the page. */
function told({ path, bytes, missing, scores }: Report): object {
  if (scores === null) return { path, bytes, missing };
  const { figures, bySize, calibration, point } = scores;
  return {
    ...{ path, bytes, missing, figures, operatingPoint: point },
    bySize: bySize.map(({ name, figures: own }) => ({
      name,
      nodules: own?.nodules ?? 0,
      found: own?.found ?? 0,
      missed: own?.missed ?? 0,
      dice3d: own?.dice3d.mean ?? null,
    })),
    calibration: { confidence: calibration.confidence, nodule: calibration.nodule, from: calibration.from },
  };
}
