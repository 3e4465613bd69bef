import type { z } from 'zod';
import { NoduleTrainError } from '../../runtime/index.js';
import { findContradictions } from './findContradictions.js';
import { PRESETS } from './presets.js';
import { mergeFields } from './recipe.js';
import { type PresetName, type TrainConfig, trainConfigSchema } from './schema.js';

/**
 * Fills in the preset and the defaults and checks all fields.
 * @throws NoduleTrainError `config`, naming every wrong field and what is expected
 */
export function resolveTrainConfig(input: unknown): TrainConfig {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const preset = PRESETS[given.preset as PresetName] as Record<string, unknown> | undefined;
  const parsed = trainConfigSchema.safeParse(preset ? mergeFields(preset, given) : input);
  const faults = parsed.success ? findContradictions(parsed.data) : parsed.error.issues.map(issueText);
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new NoduleTrainError('config', `configuring training: ${faults.join('; ')}`);
}

function issueText(issue: z.core.$ZodIssue): string {
  const field = issue.path.map(String).join('.') || 'the configuration';
  if (issue.code === 'unrecognized_keys') {
    const at = issue.path.length > 0 ? `${issue.path.map(String).join('.')}.` : '';
    return `unknown field ${issue.keys.map((key) => `\`${at}${key}\``).join(', ')}`;
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) return `\`${field}\` is missing`;
  return `\`${field}\`: ${issue.message}`;
}
