import { Command, Option } from 'commander';
import { convertScan, convertScanOptionsSchema } from '../../ct/index.js';
import { isModelFile } from '../../model/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import { openOutput } from '../output.js';
import { parseOptions } from '../parseOptions.js';
import { addSchemaOptions } from '../schemaOptions.js';

interface Given {
  json?: boolean;
  pooling?: 'max' | 'avg';
}

export function convertCommand(): Command {
  const command = new Command('convert')
    .description(
      'Write a scan or labels in another format (.mha, .mhd, .nii.gz, .nii, .nrrd, .nhdr; a DICOM folder too is read), or a model (.safetensors, .pt, .state).',
    )
    .argument('<in>', 'a scan, a DICOM folder, or a model')
    .argument('<out>', 'file to write; nothing is written over')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr')
    .addOption(new Option('--pooling <value>', 'of a model that does not say how it pools').choices(['max', 'avg']));
  const given = addSchemaOptions(command, convertScanOptionsSchema);
  command.action(async (from: string, to: string, { json = false, pooling }: Given) => {
    const options = parseOptions('convert', convertScanOptionsSchema, given());
    const output = openOutput(json);
    if (isModelFile(from) || isModelFile(to)) {
      const [odd] = Object.keys(given());
      if (odd !== undefined)
        throw new NoduleTrainError('bad-use', `\`convert\`: --${odd} is for scans, and ${from} is a model`);
      // Only models need libtorch.
      const { convertModel } = await import('../../evaluate/index.js');
      const { notes, ...converted } = await convertModel(from, to, { pooling });
      for (const note of notes) output.print(`Note: ${note}.`);
      output.print(`${to}: ${converted.tensors} tensors.`);
      output.event({ type: 'end', status: 'finished', in: from, out: to, ...converted });
      return;
    }
    if (pooling !== undefined)
      throw new NoduleTrainError('bad-use', `\`convert\`: --pooling is for models, and ${from} is a scan`);
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
