/** Fields in which two runs may differ and still have to come to the same. */
export const FIELDS_IGNORED_IN_COMPARISON: ReadonlySet<string> = new Set([
  'out',
  'data',
  'logSteps',
  'checkpointSteps',
  'checkpointMinutes',
  'keepCheckpoints',
  'images',
  'histograms',
]);
