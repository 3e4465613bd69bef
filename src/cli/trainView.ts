import type { TrainEvent } from '../train/events.js';
import type { PixelMetrics } from '../train/metrics.js';
import type { Output } from './output.js';

const figure = (value: number | null, digits = 3) => (value === null ? '–' : value.toFixed(digits));
const percent = (value: number | null) => (value === null ? '–' : `${value.toFixed(0)} %`);
const pixels = ({ loss, precision, recall, f1 }: PixelMetrics) =>
  `loss ${figure(loss.all)}  precision ${figure(precision)}  recall ${figure(recall)}  F1 ${figure(f1)}`;

/** Shows the events of a run to people. */
export function trainView(output: Output): (event: TrainEvent) => void {
  let epochs = 0;
  let stepsPerEpoch = 1;
  return (event) => {
    switch (event.type) {
      case 'start':
        ({ epochs, stepsPerEpoch } = event);
        output.print(
          `${event.step > 0 ? `Going on after step ${event.step} of` : 'Training'} ${event.run}: ` +
            `${event.trainScans} scans to train and ${event.validationScans} to validate on, ` +
            `${event.parameters.toLocaleString('en')} parameters, ${event.device}, ${event.threads} threads`,
        );
        break;
      case 'step':
        output.progress.show({
          label: `epoch ${event.epoch}/${epochs}`,
          done: event.step - (event.epoch - 1) * stepsPerEpoch,
          total: stepsPerEpoch,
          rate: event.rate,
          unit: 'crops',
          note: `loss ${event.loss.toFixed(3)}`,
        });
        break;
      case 'epoch':
        output.print(`epoch ${event.epoch}/${epochs}  training    ${pixels(event.metrics)}`);
        break;
      case 'validation-progress':
        output.progress.show({
          label: `validation ${event.epoch}`,
          done: (event.scan - 1) * event.of + event.slices,
          total: event.scans * event.of,
          unit: 'slices',
        });
        break;
      case 'validation': {
        const { found, nodules, dice3d, falsePerScan } = event.nodules;
        output.print(
          `epoch ${event.epoch}/${epochs}  validation  ${pixels(event.metrics)}  found ${found}/${nodules}  ` +
            `3D Dice ${figure(dice3d)}  false/scan ${figure(falsePerScan, 1)}  false positives ` +
            `${percent(event.metrics.percent.falsePositive)}${event.best ? '  (best so far)' : ''}`,
        );
        break;
      }
      case 'checkpoint':
        break;
      case 'note':
        output.print(event.text);
        break;
      case 'end':
        output.print(
          event.status === 'stopped'
            ? `Stopped at step ${event.step}. Go on with: npx nodule-train train --resume ${event.run}`
            : `Finished. Best epoch ${event.bestEpoch ?? '–'} with score ${figure(event.bestScore)}: ${event.run}`,
        );
        break;
      default:
        event satisfies never;
    }
  };
}
