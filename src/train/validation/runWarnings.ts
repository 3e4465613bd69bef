import type { PixelMetrics } from '../parts/metrics.js';
import type { RunState } from '../run/runState.js';

/** Number of validations that are compared, and the largest spread of their scores that is called flat. */
const FLAT = { validations: 5, spread: 0.001 };
/** Predicted share of the pixels from which a prediction is useless: nodules cover far less than one per cent. */
const FULL = 0.9;
/** Share of an epoch's time from which cutting crops is the bottleneck. */
const STARVED = 0.5;

const spread = (scores: readonly number[]) => Math.max(...scores) - Math.min(...scores);
const isFlat = (scores: readonly number[]) => scores.length >= FLAT.validations && spread(scores) < FLAT.spread;

/**
 * Returns a warning for each sign that a run makes no progress: an empty or full prediction, or a flat score. Each is
 * reported when it begins, not again while it lasts. Records the score and the predicted share of the pixels in the
 * state.
 */
export function validationWarnings(
  state: Pick<RunState, 'recentScores' | 'painted' | 'epoch'>,
  score: number,
  { painted }: Pick<PixelMetrics, 'painted'>,
): string[] {
  const warnings: string[] = [];
  const was = state.painted;
  const before = state.recentScores.slice(-FLAT.validations);
  const scores = [...before, score].slice(-FLAT.validations);
  state.recentScores = scores;
  state.painted = painted;
  if (painted === 0 && was !== 0)
    warnings.push(`Validation of epoch ${state.epoch}: no pixel is predicted as nodule, so every nodule is missed.`);
  if (painted !== null && painted >= FULL && !(was !== null && was >= FULL))
    warnings.push(
      `Validation of epoch ${state.epoch}: ${(100 * painted).toFixed(0)} % of all pixels are predicted as nodule.`,
    );
  if (isFlat(scores) && !isFlat(before))
    warnings.push(
      `The score has been flat for ${FLAT.validations} validations ` +
        `(${Math.min(...scores).toPrecision(3)} to ${Math.max(...scores).toPrecision(3)}). ` +
        'Try another --learning-rate or --loss; --patience ends such runs early.',
    );
  return warnings;
}

/** Returns a warning if cutting crops takes most of an epoch's time, else null. */
export function starvationWarning(waitedMs: number, epochMs: number): string | null {
  const share = waitedMs / epochMs;
  if (!(share > STARVED)) return null;
  return (
    `Cutting crops took ${(100 * share).toFixed(0)} % of the epoch's ${(epochMs / 1000).toFixed(1)} s. ` +
    'Use more --threads, a smaller --crop-size or fewer --context-slices to make it faster.'
  );
}
