import type { Command } from 'commander';

export interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<Command>;
}

/** Every command; its module is imported only when it is called. */
export const commands: CommandEntry[] = [
  {
    name: 'demo',
    summary: 'the whole road on phantoms made on the spot: synth, prepare, train, evaluate, report',
    load: async () => (await import('./commands/demo.js')).demoCommand(),
  },
  {
    name: 'synth',
    summary: 'phantom CT scans with nodules in LUNA16 layout',
    load: async () => (await import('./commands/synth.js')).synthCommand(),
  },
  {
    name: 'prepare',
    summary: 'ground truth and the prepared store',
    load: async () => (await import('./commands/prepare.js')).prepareCommand(),
  },
  {
    name: 'plan',
    summary: 'what data are like, and what preparing and training with them will want',
    load: async () => (await import('./commands/plan.js')).planCommand(),
  },
  {
    name: 'train',
    summary: 'train and validate',
    load: async () => (await import('./commands/train.js')).trainCommand(),
  },
  {
    name: 'findrate',
    summary: 'find a learning rate: the loss over a rate that rises, as table and plot',
    load: async () => (await import('./commands/findRate.js')).findRateCommand(),
  },
  {
    name: 'mine',
    summary: "a model's false positives on its training scans, to be taught as no nodule",
    load: async () => (await import('./commands/mine.js')).mineCommand(),
  },
  {
    name: 'evaluate',
    summary: 'score a model on scans',
    load: async () => (await import('./commands/evaluate.js')).evaluateCommand(),
  },
  {
    name: 'report',
    summary: 'one self-contained HTML page of a run',
    load: async () => (await import('./commands/report.js')).reportCommand(),
  },
  {
    name: 'convert',
    summary: 'scans, labels and models from one file format to another',
    load: async () => (await import('./commands/convert.js')).convertCommand(),
  },
  {
    name: 'doctor',
    summary: 'what is installed, what is missing, and the command that mends it',
    load: async () => (await import('./commands/doctor.js')).doctorCommand(),
  },
  {
    name: 'libtorch',
    summary: 'find, fetch or install libtorch',
    load: async () => (await import('./commands/libtorch.js')).libtorchCommand(),
  },
];
