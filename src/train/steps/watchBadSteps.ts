import { existsSync } from 'node:fs';
import type { CropSource } from '../../data/index.js';
import { NoduleTrainError } from '../../runtime/index.js';
import type { CountsRead } from '../parts/stepCounts.js';
import type { Session } from '../session/session.js';

/**
 * Hears what was counted of the epoch at hand. Ends the run at the first step whose loss or gradient is not finite, or, with
 * `onNan: 'skip'`, tells of each and ends it after `nanLimit`.
 * @throws NoduleTrainError `loss-not-finite`
 */
export function watchBadSteps(
  session: Pick<Session, 'config' | 'state' | 'counts' | 'emit'> & Parameters<typeof refusal>[0],
): (now: CountsRead) => void {
  const { config, state, emit } = session;
  let { badSteps: told, steps: seen } = session.counts.read();
  return (now) => {
    const found = now.badSteps - told;
    const first = state.step - (now.steps - seen) + 1;
    told = now.badSteps;
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
    const where = first === state.step ? `Step ${first} was` : `${found} of the steps ${first} to ${state.step} were`;
    emit({
      type: 'note',
      text: `${where} left out, as loss or gradient were not finite: ${total} in this run so far, at most ${config.nanLimit} (--nan-limit).`,
    });
  };
}

const ordinal = (n: number) =>
  `${n}${n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;

/** @param stepInEpoch the bad one, from 1 */
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
      `${existsSync(last) ? `The last good checkpoint is ${last}` : 'There is no checkpoint yet'}. To do that step again and look at it: ` +
      `npx nodule-train train --resume ${folder} --replay-step ${step}. Start anew with a smaller --learning-rate, or leave such steps out with --on-nan skip.`,
  );
}

/** A crop for people: series, slice from 0, and what it shows. */
export const cropName = ({ uid, slice, nodule }: CropSource): string =>
  `${uid} slice ${slice} ${nodule === null ? '(no nodule)' : `(nodule ${nodule})`}`;
