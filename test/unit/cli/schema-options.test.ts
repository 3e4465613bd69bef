import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addSchemaOptions } from '../../../dist/cli/schemaOptions.js';
import { resolveTrainConfig } from '../../../dist/train/config/config.js';
import { trainConfigSchema } from '../../../dist/train/config/schema.js';

const parse = (...args: string[]) => {
  const command = new Command('train').exitOverride().configureOutput({ outputError: () => {} });
  const given = addSchemaOptions(command, trainConfigSchema);
  command.parse(args, { from: 'user' });
  return given();
};

describe('addSchemaOptions', () => {
  it('returns only the given options, in the shape of the schema', () => {
    expect(parse('--epochs', '2', '--network-pooling', 'avg', '--no-augment-flip', '--compat-bias-init')).toEqual({
      epochs: 2,
      network: { pooling: 'avg' },
      augment: { flip: false },
      compat: { biasInit: true },
    });
  });

  it('has an option for every leaf of the training schema, with its default in the help', () => {
    const command = new Command('train');
    addSchemaOptions(command, trainConfigSchema);
    const help = command.helpInformation().replace(/\s+/g, ' ');
    expect(help).toContain('--epochs <number> epochs to train (default: 20)');
    expect(help).toContain('--network-depth <number> levels of the U-Net (default: 3)');
    const leaves = (value: object, at = ''): string[] =>
      Object.entries(value).flatMap(([name, field]) => {
        const path = at === '' ? name : `${at}${name[0]!.toUpperCase()}${name.slice(1)}`;
        return typeof field === 'object' && field !== null ? leaves(field, path) : [path];
      });
    const flags = new Map(command.options.map((option) => [option.attributeName(), option.description]));
    const withDefault = leaves(resolveTrainConfig({ data: 'a', out: 'b' }));
    expect(withDefault.filter((name) => !flags.has(name))).toEqual([]);
    for (const name of withDefault) flags.delete(name);
    expect([...flags.values()].filter((description) => description.includes('(default:'))).toEqual([]);
  });

  it('leaves the choice between preset and default to the schema', () => {
    const config = resolveTrainConfig(parse('--data', 'a', '--out', 'b', '--preset', 'book', '--no-compat-bias-init'));
    expect([config.samples, config.compat.biasInit, config.compat.boxLabels]).toEqual([300_000, false, true]);
  });

  it('shows a boolean that is on by default as --no-NAME, with what it disables', () => {
    const command = new Command('train');
    addSchemaOptions(command, trainConfigSchema);
    const shown = command.createHelp().visibleOptions(command);
    expect(shown.find(({ long }) => long === '--no-network-batch-norm')?.description).toBe(
      'disable batch norm after each convolution',
    );
    expect(shown.some(({ long }) => long === '--network-batch-norm')).toBe(false);
  });

  it.each([
    [['--epochs', 'two'], 'Expected a number.'],
    [['--loss', 'l2'], 'Allowed choices are dice, dice-ce, '],
    [['--epoch', '2'], 'Did you mean'],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });

  describe('a list', () => {
    const schema = z.strictObject({
      model: z.array(z.string()).describe('models'),
      format: z
        .array(z.enum(['json', 'csv']))
        .optional()
        .describe('files'),
    });
    const parseLists = (...args: string[]) => {
      const command = new Command('segment').exitOverride().configureOutput({ outputError: () => {} });
      const given = addSchemaOptions(command, schema);
      command.parse(args, { from: 'user' });
      return given();
    };

    it('collects an option that is given several times, and keeps commas in free text', () => {
      expect(parseLists('--model', 'a,b', '--model', 'c')).toEqual({ model: ['a,b', 'c'] });
    });

    it('splits choices at commas and refuses an unknown one', () => {
      expect(parseLists('--format', 'csv, json', '--format', 'json')).toEqual({ format: ['csv', 'json', 'json'] });
      expect(() => parseLists('--format', 'csv,pdf')).toThrow(/Allowed choices are json, csv, separated by commas/);
    });
  });
});
