/** Fields that do not affect the weights: two runs may differ in them and must still be bit-identical. */
export const FIELDS_IGNORED_IN_COMPARISON: ReadonlySet<string> = new Set([
  'out',
  'data',
  'logSteps',
  'checkpointSteps',
  'checkpointMinutes',
  'keepCheckpoints',
  'images',
  'histograms',
  'allowLostLabels',
]);
