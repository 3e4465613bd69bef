import type { Command, Option } from 'commander';

/**
 * Headings for the options of training, in the order of the help: long names without dashes, `NAME-*` for all that
 * begin with `NAME-`. An option under no heading comes first, under `Options`.
 */
const GROUPS: Readonly<Record<string, string>> = {
  Run: 'data out preset seed epochs samples batch device capture-steps threads',
  'Data and labels':
    'layout annotations contours masks label channel splits intensity rescale acquisition resample fill-gaps ' +
    'nifti-transform crops patient-pattern labels allow-lost-labels lost-labels-csv ' +
    'box-* sphere-* votes-* mask-*',
  'Split and validation':
    'validation-share split folds fold validate-every validation-scans threshold minimum-voxels patience ' +
    'choose-point most-missed flips',
  'Network and initial weights': 'context-slices network-* init init-pooling init-input',
  Crops:
    'crop-size plane-size negatives negatives-per-scan hard-points hard-negatives balance hide-edges hu-low hu-high ' +
    'augment-* sampler-module',
  Loss:
    'loss loss-module ce-weight focal-weight boundary-weight fn-weight smooth squared-dice loss-batch tversky-* ' +
    'focal-gamma focal-alpha',
  'Optimizer, schedule and step':
    'optimizer learning-rate weight-decay momentum nesterov schedule warm-up-steps poly-power clip-norm accumulate ' +
    'ema precision channels-last on-nan nan-limit',
  'Checkpoints and output':
    'checkpoint-steps checkpoint-minutes keep-checkpoints log-steps images histograms deterministic',
  "Faults of the book's code": 'compat-*',
};

/** Puts the options of a command that takes those of training under headings, and sorts them by heading. */
export function groupOptions(command: Command): void {
  const headings = Object.keys(GROUPS).map((name) => `${name}:`);
  for (const option of command.options) {
    const heading = headingOf(option);
    if (heading !== undefined) option.helpGroup(`${heading}:`);
  }
  const rank = ({ helpGroupHeading }: Option) => headings.indexOf(helpGroupHeading ?? '');
  // Commander prints headings in the order of their first option. The sort keeps the schema's order under each.
  (command.options as Option[]).sort((a, b) => rank(a) - rank(b));
}

function headingOf({ long }: Option): string | undefined {
  const name = long?.replace(/^--(no-)?/, '') ?? '';
  const holds = (entry: string) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry);
  return Object.entries(GROUPS).find(([, list]) => list.split(' ').some(holds))?.[0];
}
