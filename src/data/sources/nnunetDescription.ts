import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { NoduleTrainError } from '../../runtime/index.js';
import type { SourceOptions } from './sourceOptions.js';

const value = z.union([z.int().min(0).max(255), z.string().regex(/^\d+$/).transform(Number)]);
const names = z.record(z.string(), z.string());

/** What is read of nnU-Net's `dataset.json`: of version 2 `channel_names` and `labels` by name, of version 1 `modality` and `labels` by value. */
const descriptionSchema = z.object({
  channel_names: names.optional(),
  modality: names.optional(),
  labels: z.record(z.string(), z.union([z.array(value), value, z.string()])),
  file_ending: z.string().startsWith('.').default('.nii.gz'),
  numTraining: z.int().min(0).optional(),
  intensity: z.enum(['hu', 'arbitrary']).optional(),
  dataset: z.unknown().optional(),
});

/** What is to be read of an nnU-Net raw dataset. */
export interface NnunetDescription {
  fileEnding: string;
  /** Number of the channel, as in CASE_0000. */
  channel: number;
  intensity: 'hu' | 'arbitrary';
  /** Values of the label images: those that are nodule, and the others that are known. */
  values: { nodule: number[]; other: number[] };
  numTraining: number | null;
}

/**
 * Reads `dataset.json` and chooses channel and label.
 * @throws NoduleTrainError `nnunet-json` (damaged), `nnunet-label`, `nnunet-channel` (several, or another is wanted) and `nnunet-intensity` (not said)
 */
export async function readNnunetDescription(dir: string, options: SourceOptions): Promise<NnunetDescription> {
  const path = join(dir, 'dataset.json');
  const fail = (code: string, found: string, cause?: unknown) =>
    new NoduleTrainError(code, `reading ${path}: ${found}`, { cause });
  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw fail('nnunet-json', `${(cause as Error).message}; nnU-Net's dataset.json is wanted`, cause);
  }
  const parsed = descriptionSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw fail(
      'nnunet-json',
      `${issue.path.join('.') || 'the file'}: ${issue.message}; nnU-Net's dataset.json is wanted`,
    );
  }
  const { labels, channel_names, modality, ...description } = parsed.data;
  if (description.dataset !== undefined)
    throw fail(
      'nnunet-json',
      'the field `dataset` lists files of its own, which is not supported; put them into imagesTr and labelsTr',
    );
  const channels = channel_names ?? modality;
  if (channels === undefined)
    throw fail('nnunet-json', 'channel_names is missing (modality in version 1); nnU-Net wants the channels by number');
  const channel = chooseChannel(channels, options.channel, fail);
  const intensity = options.intensity ?? description.intensity ?? (channel.name.toLowerCase() === 'ct' ? 'hu' : null);
  if (intensity === null)
    throw fail(
      'nnunet-intensity',
      `channel ${channel.number} is "${channel.name}", which does not say whether its values are Hounsfield units ("CT" would); say it with --intensity hu or --intensity arbitrary`,
    );
  return {
    fileEnding: description.file_ending,
    channel: channel.number,
    intensity,
    values: chooseLabel(labelValues(labels, fail), options.label, fail),
    numTraining: description.numTraining ?? null,
  };
}

type Fail = (code: string, found: string) => NoduleTrainError;

function chooseChannel(channels: Record<string, string>, wanted: string | undefined, fail: Fail) {
  const all = Object.entries(channels).map(([number, name]) => ({ number: Number(number), name }));
  const odd = all.find(({ number }) => !Number.isInteger(number) || number < 0 || number > 9999);
  if (odd !== undefined || all.length === 0) throw fail('nnunet-json', 'the channels are not named by 0, 1, …');
  const list = all.map(({ name }) => JSON.stringify(name)).join(', ');
  if (wanted === undefined && all.length > 1)
    throw fail('nnunet-channel', `it has ${all.length} channels, ${list}; choose one with --channel NAME`);
  const chosen = wanted === undefined ? all : all.filter(({ name }) => name === wanted);
  if (chosen.length !== 1)
    throw fail('nnunet-channel', `${chosen.length} of its channels are named "${wanted}"; it has ${list}`);
  return chosen[0]!;
}

/** Name to values; in version 1 the file has them the other way round. */
function labelValues(labels: Record<string, number | string | number[]>, fail: Fail): Map<string, number[]> {
  const entries = Object.entries(labels);
  const old = entries.length > 0 && entries.every(([name, given]) => /^\d+$/.test(name) && typeof given === 'string');
  return new Map(
    entries.map(([name, given]) => {
      if (old) return [given as string, [Number(name)]];
      if (typeof given === 'string')
        throw fail('nnunet-json', `labels.${name} is "${given}"; a number or a list of them is wanted`);
      return [name, Array.isArray(given) ? given : [given]];
    }),
  );
}

/** The voxels of the ignore label are of unknown truth: its value is in neither list, so that a case that has it is refused. */
function chooseLabel(labels: Map<string, number[]>, wanted: string | undefined, fail: Fail) {
  const foreground = [...labels].filter(([name]) => name !== 'background' && name !== 'ignore');
  const list = foreground.map(([name]) => JSON.stringify(name)).join(', ');
  if (wanted === undefined && foreground.length !== 1)
    throw fail(
      'nnunet-label',
      `it has ${foreground.length} labels, ${list || 'none but the background'}; choose one with --label NAME`,
    );
  const nodule = wanted === undefined ? foreground[0]![1] : labels.get(wanted);
  if (nodule === undefined || wanted === 'ignore')
    throw fail('nnunet-label', `it has no label "${wanted}" to train on; it has ${list}`);
  const known = new Set([0, ...foreground.flatMap(([, values]) => values)]);
  const ignored = new Set(labels.get('ignore') ?? []);
  if (nodule.includes(0))
    throw fail('nnunet-label', `its label "${wanted ?? list}" has the value 0, which is the background`);
  return { nodule, other: [...known].filter((one) => !nodule.includes(one) && !ignored.has(one)) };
}
