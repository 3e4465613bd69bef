import { Command } from 'commander';
import { z } from 'zod';
import { type Report, writeReport } from '../../evaluate/index.js';
import { deviceSchema, JSON_HELP } from '../commonOptions.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { scanProgress } from '../progress.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { labelled } from '../text.js';
import { untilInterrupted } from '../untilInterrupted.js';

export const reportSchema = z.strictObject({
  data: z.string().min(1).optional().describe("folder of the run's data, if it has moved"),
  scans: z.int().min(0).max(1e9).default(0).describe('number of validation scans to score; 0: all'),
  pictures: z.int().min(0).max(24).default(6).describe('number of best and of worst nodules to show'),
  device: deviceSchema,
});

export function reportCommand(): Command {
  const command = new Command('report')
    .description('Write report.html into the folder of a run: a self-contained page with curves, scores and pictures.')
    .argument('<run>', 'run folder')
    .option('--json', `${JSON_HELP}; the last one has the figures`);
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
          output.progress.show(scanProgress(progress));
        },
      });
      output.progress.clear();
      for (const line of reportLines(report)) output.print(line);
      output.event({ type: 'end', status: 'finished', ...endFields(report) });
    });
  });
  return command;
}

/** The lines printed about a report. */
export function reportLines({ path, bytes, missing, reason }: Report): string[] {
  return [
    labelled('Report', `${path}  (${(bytes / 1e6).toFixed(1)} MB; open it in a browser)`),
    ...(missing === null ? [] : [`Without pictures, sizes, calibration and intervals: ${missing}`]),
    ...(reason === missing ? [] : [`The reason: ${reason}`]),
  ];
}

/** Fields of the last event: the figures of a report, without its pictures. */
function endFields({ path, bytes, missing, scores }: Report): object {
  if (scores === null) return { path, bytes, missing };
  const { figures, bySize, calibration, point } = scores;
  return {
    path,
    bytes,
    missing,
    figures,
    operatingPoint: point,
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
