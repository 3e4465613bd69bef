export { bookCandidates } from './bookCandidates.js';
export {
  bootstrapInterval,
  bootstrapIntervals,
  type Interval,
  type IntervalOptions,
} from './bootstrap.js';
export {
  type Candidate,
  CandidateStream,
  type Candidates,
  candidatesAbove,
  candidateVoxels,
  isNodule,
  type StreamedCandidates,
} from './candidates.js';
export {
  applyPoint,
  chooseOperatingPoint,
  matchAt,
  type PointChoice,
  type PointGrid,
  type PointOptions,
  type PointResult,
  PointSearch,
  predictionAt,
  type SelectedPoint,
  scoreAt,
} from './chooseOperatingPoint.js';
export type { NoduleComparison } from './compareNodules.js';
export { scoreCrop } from './cropScore.js';
export { dice, type Overlap, overlap } from './dice.js';
export {
  computeFroc,
  FROC_RATES,
  type Froc,
  type FrocMark,
  type FrocNodule,
  type FrocOptions,
  type FrocPoint,
  type FrocScan,
} from './froc.js';
export {
  hits,
  type MatchedComponent,
  type MatchedScan,
  matchScan,
  type NoduleScore,
  type ScanScore,
  type ScanToScore,
  scoreMatched,
  scoreScan,
  type TrueNodule,
} from './matching.js';
export { type AxialAxes, type AxisLine, axialAxes } from './measure/axialAxes.js';
export { largestDiameter } from './measure/largestDiameter.js';
export { type NoduleMetrics, noduleMetrics } from './measure/noduleMetrics.js';
export { boxOf, surfaceVoxels } from './measure/surfaceVoxels.js';
export { type NoduleInterval, type NoduleScores, noduleIntervals, noduleScores } from './noduleScores.js';
export { type OperatingPoint, operatingPointSchema } from './operatingPoint.js';
export { type PredictedScan, predictedScan } from './predictedScan.js';
export { type ScoreCompat, scoreCompatSchema } from './scoreCompat.js';
export { HALF_FALSE_PER_SCAN, selectionScore } from './selectionScore.js';
export {
  BASELINE_CUTS_HU,
  type BaselineCandidate,
  type BaselinePoint,
  type BaselineScan,
  baselineAt,
  baselineCandidates,
} from './thresholdBaseline.js';
export { ignoredNodules, trueNodules } from './trueNodules.js';
