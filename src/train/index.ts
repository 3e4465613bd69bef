export { resolveTrainConfig } from './config/config.js';
export { assignedFields, mergeFields, readRecipe } from './config/recipe.js';
export { type TrainConfig, type TrainConfigInput, trainConfigSchema } from './config/schema.js';
export type * from './events.js';
export {
  findLearningRate,
  type RateFinderHooks,
  type RateFinding,
  type RateSweep,
} from './inspect/findLearningRate.js';
export { type Plan, plan, planOptionsSchema } from './inspect/plan.js';
export { ratePlot } from './inspect/ratePlot.js';
export { type Replay, replayStep, type ValueRange } from './inspect/replayStep.js';
export { ticks, tickText } from './inspect/ticks.js';
export { networkOptions } from './parts/networkOptions.js';
export { compareRuns } from './run/compareRuns.js';
export { recordedConfig } from './run/runConfig.js';
export { type RunFolder, runFolder } from './run/runFolder.js';
export { openRunDataset } from './session/trainingData.js';
export { cropName } from './steps/watchBadSteps.js';
export { resumeTraining, type TrainOptions, train } from './train.js';
export type { BatchPlace, UserAugmentation } from './userModules/userBatches.js';
export type { UserLoss } from './userModules/userLoss.js';
export type { UserSampler } from './userModules/userSampler.js';
