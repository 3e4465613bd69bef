/** Fields in which two runs may differ and still have to come to the same. */
export const fieldsOfNoAccount: ReadonlySet<string> = new Set([
  'out',
  'data',
  'logSteps',
  'checkpointSteps',
  'checkpointMinutes',
  'keepCheckpoints',
  'images',
  'histograms',
]);
