import { NoduleTrainError } from '../runtime/index.js';
import { cropName, type Replay, replayStep, type ValueRange } from '../train/index.js';
import { openOutput } from './output.js';
import { plural } from './text.js';

/**
 * Runs `train --resume RUN --replay-step N`: repeats one step of a run and shows its crops, values and gradients.
 * @throws NoduleTrainError `bad-use` if `step` is not a positive integer, and the errors of the replay
 */
export async function showReplay(run: string, step: string, json: boolean): Promise<void> {
  if (!/^[1-9]\d*$/.test(step))
    throw new NoduleTrainError(
      'bad-use',
      `\`train --replay-step ${step}\`: expected the number of a step of the run, from 1`,
    );
  const output = openOutput(json);
  const replay = await replayStep(run, Number(step), {
    note: (text) => {
      output.event({ type: 'note', text });
      output.print(text);
    },
    progress: (done, total) => output.progress.show({ label: 'replay', done, total, unit: 'steps' }),
  });
  output.progress.clear();
  for (const line of lines(replay)) output.print(line);
  output.event({ type: 'end', status: 'finished', ...replay });
}

function lines({ step, epoch, from, learningRate, crops, file, ...found }: Replay): string[] {
  const names = (bad: string[]) => (bad.length === 0 ? '' : `, in ${bad.join(', ')}`);
  return [
    `Step ${step} (epoch ${epoch}), replayed from ${from === 0 ? 'the start' : `the checkpoint of step ${from}`}, ` +
      `learning rate ${Number(learningRate.toPrecision(4))}`,
    ...crops.map(
      (crop) =>
        `  ${cropName(crop)}  ${plural(crop.nodulePixels, 'nodule pixel')}  ` +
        `loss ${crop.loss === null ? 'not finite' : crop.loss.toPrecision(4)}`,
    ),
    `image        ${range(found.image)}`,
    `weights      ${range(found.weight)}${names(found.weight.names)}`,
    `probability  ${range(found.probability)}`,
    `loss         ${range(found.loss)}`,
    `gradient     ${range(found.gradient)}${names(found.gradient.names)}`,
    `written to   ${file}`,
  ];
}

const range = ({ low, high, notFinite }: ValueRange): string =>
  (low === null || high === null ? 'no finite value' : `${low.toPrecision(4)} to ${high.toPrecision(4)}`) +
  (notFinite === 0 ? '' : `, ${notFinite} values not finite`);
