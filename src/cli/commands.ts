import type { Command } from 'commander';

export interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<Command>;
}

/** Every command. Its module is imported only when it is called. */
export const commands: CommandEntry[] = [
  {
    name: 'demo',
    summary: 'run every step on synthetic scans: synth, prepare, train, evaluate, report',
    load: async () => (await import('./commands/demo.js')).demoCommand(),
  },
  {
    name: 'synth',
    summary: 'make synthetic CT scans (phantoms) with nodules, in LUNA16 layout',
    load: async () => (await import('./commands/synth.js')).synthCommand(),
  },
  {
    name: 'prepare',
    summary: 'make ground truth and a prepared store that training opens fast',
    load: async () => (await import('./commands/prepare.js')).prepareCommand(),
  },
  {
    name: 'plan',
    summary: 'describe a dataset and estimate disk, memory and time to prepare it and train on it',
    load: async () => (await import('./commands/plan.js')).planCommand(),
  },
  {
    name: 'train',
    summary: 'train and validate a model',
    load: async () => (await import('./commands/train.js')).trainCommand(),
  },
  {
    name: 'findrate',
    summary: 'find a learning rate with a range test, as table and plot',
    load: async () => (await import('./commands/findRate.js')).findRateCommand(),
  },
  {
    name: 'mine',
    summary: "find a model's false positives on its training scans, to train on as hard negatives",
    load: async () => (await import('./commands/mine.js')).mineCommand(),
  },
  {
    name: 'evaluate',
    summary: 'score a model on scans',
    load: async () => (await import('./commands/evaluate.js')).evaluateCommand(),
  },
  {
    name: 'segment',
    summary: 'find, measure and write the nodules of scans',
    load: async () => (await import('./commands/segment.js')).segmentCommand(),
  },
  {
    name: 'froc',
    summary: "score detection by LUNA16's rule: sensitivity by false positives per scan",
    load: async () => (await import('./commands/froc.js')).frocCommand(),
  },
  {
    name: 'report',
    summary: 'write a self-contained HTML page about a run',
    load: async () => (await import('./commands/report.js')).reportCommand(),
  },
  {
    name: 'convert',
    summary: 'convert scans, labels and models between file formats',
    load: async () => (await import('./commands/convert.js')).convertCommand(),
  },
  {
    name: 'doctor',
    summary: 'check the installation and print the command that fixes it',
    load: async () => (await import('./commands/doctor.js')).doctorCommand(),
  },
  {
    name: 'libtorch',
    summary: 'find or install libtorch',
    load: async () => (await import('./commands/libtorch.js')).libtorchCommand(),
  },
];
