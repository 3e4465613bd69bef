import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { demoSchema } from '../../../dist/cli/commands/demo.js';
import { partSchema } from '../../../dist/cli/commonOptions.js';
import { prepareOptionsSchema, samplerOptionsSchema, splitOptionsSchema } from '../../../dist/data/index.js';
import { segmentScansSchema } from '../../../dist/evaluate/index.js';
import { insertSetSchema, phantomSetSchema } from '../../../dist/phantom/index.js';
import { operatingPointSchema } from '../../../dist/score/index.js';
import { planOptionsSchema, trainConfigSchema } from '../../../dist/train/index.js';

const schemas = {
  demoSchema,
  partSchema,
  prepareOptionsSchema,
  samplerOptionsSchema,
  splitOptionsSchema,
  segmentScansSchema,
  insertSetSchema,
  phantomSetSchema,
  operatingPointSchema,
  planOptionsSchema,
  trainConfigSchema,
};

/** Numbers without a maximum that some machine could bear, by their path. */
const unbounded = (node: unknown, path: string): string[] => {
  if (typeof node !== 'object' || node === null) return [];
  const { type, maximum, exclusiveMaximum } = node as Record<string, unknown>;
  const most = Number(maximum ?? exclusiveMaximum ?? Number.POSITIVE_INFINITY);
  const own = (type === 'integer' || type === 'number') && !(most <= 2 ** 32) ? [path] : [];
  return [...own, ...Object.entries(node).flatMap(([key, child]) => unbounded(child, `${path}.${key}`))];
};

describe('options', () => {
  it.each(Object.entries(schemas))('that are numbers have a maximum: %s', (name, schema) => {
    expect(unbounded(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), name)).toEqual([]);
  });
});
