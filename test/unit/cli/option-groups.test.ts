import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { trainCommand } from '../../../dist/cli/commands/train.js';

const headingsOf = (command: Command) => [...command.helpInformation().matchAll(/^(\S.*):$/gm)].map(([, name]) => name);

it('the help of train has its options under headings, general options first', () => {
  expect(headingsOf(trainCommand())).toEqual([
    'Options',
    'Run',
    'Data and labels',
    'Split and validation',
    'Network and initial weights',
    'Crops',
    'Loss',
    'Optimizer, schedule and step',
    'Checkpoints and output',
    "Faults of the book's code",
  ]);
});

it('options keep the order of the schema under their heading', () => {
  const names = trainCommand().options.map(({ long }) => long);
  expect(names.slice(0, 10)).toEqual([
    '--resume',
    '--replay-step',
    '--like',
    '--config',
    '--set',
    '--json',
    '--data',
    '--out',
    '--preset',
    '--epochs',
  ]);
});
