import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addSchemaOptions } from '../../dist/cli/schemaOptions.js';
import { resolveTrainConfig, trainConfigSchema } from '../../dist/train/config.js';

const parse = (...args: string[]) => {
  const command = new Command('train').exitOverride().configureOutput({ outputError: () => {} });
  const given = addSchemaOptions(command, trainConfigSchema);
  command.parse(args, { from: 'user' });
  return given();
};

describe('addSchemaOptions', () => {
  it('gives back only what was given, in the shape of the schema', () => {
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
    const leaves = (value: object): number =>
      Object.values(value).reduce(
        (sum, field) => sum + (typeof field === 'object' && field !== null ? leaves(field) : 1),
        0,
      );
    const flags = new Set(command.options.map((option) => option.attributeName()));
    const config = resolveTrainConfig({ data: 'a', out: 'b' });
    const withoutDefault = Object.keys(trainConfigSchema.shape).filter((name) => !(name in config));
    expect(flags.size).toBe(leaves(config) + withoutDefault.length);
  });

  it('leaves the choice between preset and default to the schema', () => {
    const config = resolveTrainConfig(parse('--data', 'a', '--out', 'b', '--preset', 'book', '--no-compat-bias-init'));
    expect([config.samples, config.compat.biasInit, config.compat.boxLabels]).toEqual([300_000, false, true]);
  });

  it.each([
    [['--epochs', 'two'], 'A number is wanted.'],
    [['--loss', 'l2'], 'Allowed choices are dice, dice-ce, '],
    [['--epoch', '2'], 'Did you mean'],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});
