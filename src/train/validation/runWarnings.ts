import type { PixelMetrics } from '../parts/metrics.js';
import type { RunState } from '../run/runState.js';

/** Validations whose scores are compared, and how far apart they may lie to be called flat. */
const flat = { validations: 5, spread: 0.001 };
/** Share of the pixels from which a prediction is of no use, as nodules take far less than a hundredth. */
const full = 0.9;
/** Share of an epoch's time from which cutting crops is what holds it up. */
const starved = 0.5;

const spread = (scores: readonly number[]) => Math.max(...scores) - Math.min(...scores);
const isFlat = (scores: readonly number[]) => scores.length >= flat.validations && spread(scores) < flat.spread;

/**
 * What a validation says of a run that goes nowhere, one line each, told when it begins and not again while it lasts. Takes the
 * score and the share of painted pixels into the state.
 */
export function validationWarnings(
  state: Pick<RunState, 'recentScores' | 'painted' | 'epoch'>,
  score: number,
  { painted }: Pick<PixelMetrics, 'painted'>,
): string[] {
  const warnings: string[] = [];
  const was = state.painted;
  const before = state.recentScores.slice(-flat.validations);
  const scores = [...before, score].slice(-flat.validations);
  state.recentScores = scores;
  state.painted = painted;
  if (painted === 0 && was !== 0)
    warnings.push(`Validation of epoch ${state.epoch}: nothing was painted in any slice, so every nodule is missed.`);
  if (painted !== null && painted >= full && !(was !== null && was >= full))
    warnings.push(
      `Validation of epoch ${state.epoch}: ${(100 * painted).toFixed(0)} % of all pixels were painted, so nothing is told apart.`,
    );
  if (isFlat(scores) && !isFlat(before))
    warnings.push(
      `The score has been flat over ${flat.validations} validations (${Math.min(...scores).toPrecision(3)} to ${Math.max(...scores).toPrecision(3)}): ` +
        'another --learning-rate or --loss may move it; --patience ends such runs.',
    );
  return warnings;
}

/** Says where cutting crops takes most of an epoch; null where it does not. Milliseconds. */
export function starvationWarning(waited: number, epoch: number): string | null {
  const share = waited / epoch;
  if (!(share > starved)) return null;
  return (
    `Cutting crops took ${(100 * share).toFixed(0)} % of the epoch's ${(epoch / 1000).toFixed(1)} s, the network the rest: ` +
    'more --threads, a smaller --crop-size or fewer --context-slices make it faster.'
  );
}
