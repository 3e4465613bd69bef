import { join } from 'node:path';
import { z } from 'zod';
import { NoduleTrainError } from '../../runtime/index.js';
import { checkJson, parseJson } from '../jsonFile.js';
import { findPath } from './listDataFolder.js';
import type { SourceOptions } from './sourceOptions.js';

const labelValue = z.union([z.int().min(0).max(255), z.string().regex(/^\d+$/).transform(Number)]);
const channelNames = z.record(z.string(), z.string());

/**
 * The fields of nnU-Net's `dataset.json` that are read: `channel_names` and `labels` by name (version 2), or `modality`
 * and `labels` by value (version 1 and the Medical Segmentation Decathlon).
 */
const descriptionSchema = z.object({
  channel_names: channelNames.optional(),
  modality: channelNames.optional(),
  labels: z.record(z.string(), z.union([z.array(labelValue), labelValue, z.string()])),
  file_ending: z.string().startsWith('.').optional(),
  numTraining: z.int().min(0).optional(),
  intensity: z.enum(['hu', 'arbitrary']).optional(),
  dataset: z.unknown().optional(),
  training: z
    .array(z.object({ image: z.union([z.string(), z.array(z.string()).min(1)]), label: z.string() }))
    .optional(),
});

/** What to read from an nnU-Net raw dataset. */
export interface NnunetDescription {
  /** null if absent: any readable format. */
  fileEnding: string | null;
  /** Cases of the list of version 1 and of the Decathlon, each with the images of its channels; empty if absent. */
  training: { image: string[]; label: string }[];
  /** Number of the channel, the 0000 of CASE_0000. */
  channel: number;
  intensity: 'hu' | 'arbitrary';
  /** Values of the label images: those of nodules, and the other known ones. */
  values: { nodule: number[]; other: number[] };
  /** Number of cases by the file; null if absent. */
  numTraining: number | null;
}

/**
 * Reads `dataset.json` and chooses the channel and the label.
 * @throws NoduleTrainError `nnunet-json` (damaged), `nnunet-label` and `nnunet-channel` (several without a choice, or
 * the chosen one is not there), and `nnunet-intensity` (unknown)
 */
export async function readNnunetDescription(dir: string, options: SourceOptions): Promise<NnunetDescription> {
  const path = (await findPath(dir, 'dataset.json')) ?? join(dir, 'dataset.json');
  const fault = (code: string, found: string, cause?: unknown) =>
    new NoduleTrainError(code, `reading ${path}: ${found}`, { cause });
  const invalid = (found: string, cause?: unknown) =>
    fault('nnunet-json', `${found}, expected nnU-Net's dataset.json`, cause);
  const json = checkJson(await parseJson(path, invalid), descriptionSchema, invalid);
  const { labels, channel_names, modality, ...description } = json;
  if (description.dataset !== undefined)
    throw fault(
      'nnunet-json',
      'found a list of files in the field `dataset`, which is not supported. Put the files into imagesTr and labelsTr.',
    );
  const channels = channel_names ?? modality;
  if (channels === undefined)
    throw fault(
      'nnunet-json',
      'channel_names (modality in version 1) is missing, expected the names of the channels by number. Add it.',
    );
  const channel = chooseChannel(channels, options.channel, fault);
  const intensity = options.intensity ?? description.intensity ?? (channel.name.toLowerCase() === 'ct' ? 'hu' : null);
  if (intensity === null)
    throw fault(
      'nnunet-intensity',
      `channel ${channel.number} is "${channel.name}", expected "CT" or the field \`intensity\` to tell whether its ` +
        'values are Hounsfield units. Give --intensity hu or --intensity arbitrary.',
    );
  return {
    fileEnding: description.file_ending ?? null,
    training: (description.training ?? []).map(({ image, label }) => ({ image: [image].flat(), label })),
    channel: channel.number,
    intensity,
    values: chooseLabel(labelValues(labels, fault), options.label, fault),
    numTraining: description.numTraining ?? null,
  };
}

type Fault = (code: string, found: string) => NoduleTrainError;

function chooseChannel(channels: Record<string, string>, choice: string | undefined, fault: Fault) {
  const all = Object.entries(channels).map(([number, name]) => ({ number: Number(number), name }));
  const odd = all.find(({ number }) => !Number.isInteger(number) || number < 0 || number > 9999);
  if (odd !== undefined || all.length === 0)
    throw fault('nnunet-json', `the channel numbers are [${Object.keys(channels)}], expected 0, 1, …`);
  const list = all.map(({ name }) => JSON.stringify(name)).join(', ');
  if (choice === undefined && all.length > 1)
    throw fault('nnunet-channel', `found ${all.length} channels, ${list}, expected one. Choose with --channel NAME.`);
  const chosen = choice === undefined ? all : all.filter(({ name }) => name === choice);
  if (chosen.length !== 1)
    throw fault(
      'nnunet-channel',
      `found ${chosen.length} channels named "${choice}", expected one of ${list}. Correct --channel.`,
    );
  return chosen[0]!;
}

/** Maps each label's name to its values; a file of version 1 maps values to names. */
function labelValues(labels: Record<string, number | string | number[]>, fault: Fault): Map<string, number[]> {
  const entries = Object.entries(labels);
  const old = entries.length > 0 && entries.every(([name, given]) => /^\d+$/.test(name) && typeof given === 'string');
  return new Map(
    entries.map(([name, given]) => {
      if (old) return [given as string, [Number(name)]];
      if (typeof given === 'string')
        throw fault('nnunet-json', `labels.${name} is "${given}", expected a number or a list of numbers`);
      return [name, Array.isArray(given) ? given : [given]];
    }),
  );
}

/**
 * Chooses the nodule label. The value of the ignore label counts neither as nodule nor as background, so a case that
 * contains it is refused: its ground truth is unknown.
 */
function chooseLabel(labels: Map<string, number[]>, choice: string | undefined, fault: Fault) {
  const foreground = [...labels].filter(([name]) => name !== 'background' && name !== 'ignore');
  const list = foreground.map(([name]) => JSON.stringify(name)).join(', ');
  if (choice === undefined && foreground.length !== 1)
    throw fault(
      'nnunet-label',
      `found ${foreground.length} labels${list && `, ${list}`}, expected one beside the background. ` +
        'Choose with --label NAME.',
    );
  const nodule = choice === undefined ? foreground[0]![1] : labels.get(choice);
  if (nodule === undefined || choice === 'ignore')
    throw fault('nnunet-label', `found no label "${choice}" to train on, expected one of ${list}. Correct --label.`);
  const known = new Set([0, ...foreground.flatMap(([, values]) => values)]);
  const ignored = new Set(labels.get('ignore') ?? []);
  if (nodule.includes(0))
    throw fault(
      'nnunet-label',
      `the label "${choice ?? list}" has the value 0 of the background, expected another value`,
    );
  return { nodule, other: [...known].filter((one) => !nodule.includes(one) && !ignored.has(one)) };
}
