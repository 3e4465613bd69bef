import { existsSync } from 'node:fs';
import type { CropSource } from '../../data/index.js';
import { NoduleTrainError, shellWord } from '../../runtime/index.js';
import type { CountsRead } from '../parts/stepCounts.js';
import type { Session } from '../session/session.js';

/**
 * Returns a check of the epoch's counts for steps whose loss or gradient was not finite. It throws at the first one.
 * With `onNan: 'skip'` it emits a note for each, and throws once the run has more than `nanLimit`.
 * @throws NoduleTrainError `loss-not-finite`, by the returned function
 */
export function watchBadSteps(
  session: Pick<Session, 'config' | 'state' | 'counts' | 'emit'> & Parameters<typeof refusal>[0],
): (now: CountsRead) => void {
  const { config, state, emit } = session;
  let { badSteps: reported, steps: seen } = session.counts.read();
  return (now) => {
    const found = now.badSteps - reported;
    const first = state.step - (now.steps - seen) + 1;
    reported = now.badSteps;
    seen = now.steps;
    if (found === 0) return;
    const total = state.skipped + now.badSteps;
    if (config.onNan === 'stop') throw refusal(session, now.firstBad, '');
    if (total > config.nanLimit)
      throw refusal(
        session,
        now.lastBad,
        ` It is the ${ordinal(total)} such step, and nanLimit is ${config.nanLimit}.`,
      );
    const which = first === state.step ? `step ${first}` : `${found} of steps ${first} to ${state.step}`;
    emit({
      type: 'note',
      text:
        `Skipped ${which}, because the loss or a gradient was not finite: ${total} skipped in this run so far, ` +
        `at most ${config.nanLimit} allowed (--nan-limit).`,
    });
  };
}

const ordinal = (n: number) =>
  `${n}${n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;

/** @param stepInEpoch number of the bad step in its epoch, from 1 */
function refusal(
  {
    config,
    state,
    sampler,
    stepsPerEpoch,
    record,
    learningRateAt,
  }: Pick<Session, 'config' | 'state' | 'sampler' | 'stepsPerEpoch' | 'record' | 'learningRateAt'>,
  stepInEpoch: number,
  why: string,
): NoduleTrainError {
  const step = (state.epoch - 1) * stepsPerEpoch + stepInEpoch;
  const crops = config.batch * config.accumulate;
  const names = sampler.sources((stepInEpoch - 1) * crops, crops).map(cropName);
  const { folder, last } = record.folder;
  return new NoduleTrainError(
    'loss-not-finite',
    `training step ${step} (epoch ${state.epoch}): the loss or a gradient is not finite.${why} The learning rate was ` +
      `${learningRateAt(step - 1)}, the crops ${names.join(', ')}. ` +
      `${existsSync(last) ? `The last good checkpoint is ${last}` : 'There is no checkpoint yet'}. ` +
      `To inspect that step: npx nodule-train train --resume ${shellWord(folder)} --replay-step ${step}. ` +
      'Start a new run with a smaller --learning-rate, or skip such steps with --on-nan skip.',
  );
}

/** Describes a crop in messages: series, slice (from 0) and nodule. */
export function cropName({ uid, slice, nodule }: CropSource): string {
  return `${uid} slice ${slice} ${nodule === null ? '(no nodule)' : `(nodule ${nodule})`}`;
}
