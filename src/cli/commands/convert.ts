import { Command, Option } from 'commander';
import { convertScan, convertScanOptionsSchema } from '../../ct/index.js';
import { isModelFile } from '../../model/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { JSON_HELP } from '../commonOptions.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';
import { plural } from '../text.js';

interface Given {
  json?: boolean;
  pooling?: 'max' | 'avg';
}

export function convertCommand(): Command {
  const command = new Command('convert')
    .description(
      'Convert a scan, labels or a model to another file format. Scans and labels: .mha, .mhd, .nii.gz, .nii, .nrrd, ' +
        '.nhdr (also from a DICOM folder). Models: .safetensors, .pt, .state.',
    )
    .argument('<in>', 'scan, DICOM folder or model')
    .argument('<out>', 'file to write; an existing file is never overwritten')
    .option('--json', JSON_HELP)
    .addOption(
      new Option('--pooling <value>', 'pooling of a model whose file does not state it').choices(['max', 'avg']),
    );
  const given = addSchemaOptions(command, convertScanOptionsSchema);
  command.action(async (from: string, to: string, { json = false, pooling }: Given) => {
    const options = parseOptions('convert', convertScanOptionsSchema, given());
    const output = openOutput(json);
    if (isModelFile(from) || isModelFile(to)) {
      const [odd] = Object.keys(given());
      if (odd !== undefined)
        throw new NoduleTrainError('bad-use', `\`convert\`: --${odd} is for scans, but ${from} is a model`);
      // Only models need libtorch.
      const { convertModel } = await import('../../evaluate/index.js');
      const { notes, ...converted } = await convertModel(from, to, { pooling });
      for (const note of notes) output.print(`Note: ${note}.`);
      output.print(`${to}: ${plural(converted.tensors, 'tensor')}.`);
      output.event({ type: 'end', status: 'finished', in: from, out: to, ...converted });
      return;
    }
    if (pooling !== undefined)
      throw new NoduleTrainError('bad-use', `\`convert\`: --pooling is for models, but ${from} is a scan`);
    const { shape, spacing, origin, direction, intensity, uid } = await convertScan(from, to, {
      ...options,
      onNote: (note) => {
        output.print(`Note: ${note}.`);
        output.event({ type: 'note', note });
      },
      onStage: (stage) =>
        output.progress.show({
          label: 'convert',
          done: stage === 'reading' ? 0 : 1,
          total: 2,
          unit: 'steps',
          note: stage,
        }),
    });
    const size = shape.toReversed().join(' x ');
    const distances =
      spacing === null ? 'unknown spacing' : `${spacing.map((mm) => Number(mm.toPrecision(6))).join(' x ')} mm`;
    output.print(`${to}: ${size} voxels, ${distances}${intensity === null ? ', labels' : `, ${intensity}`}.`);
    output.event({
      type: 'end',
      status: 'finished',
      in: from,
      out: to,
      shape,
      spacing,
      origin,
      direction,
      intensity,
      uid,
    });
  });
  return command;
}
