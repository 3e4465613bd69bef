import type { ModelDescription } from '../../model/index.js';
import type { nn } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { readInitialWeights } from './readInitialWeights.js';

/**
 * Loads the weights of the model that `init` names into a network. Notes if validation may be too optimistic, because
 * the model may have been trained on patients that validate here.
 * @returns the description, with all patients that the model has been trained on by the end of the run
 * @throws NoduleTrainError as {@link readInitialWeights} does
 */
export function applyInitialWeights(
  config: TrainConfig,
  net: nn.UNet,
  description: ModelDescription,
  validatedOn: readonly string[],
  note: (text: string) => void,
): ModelDescription {
  const { state, trainedOn } = readInitialWeights(config, description);
  net.loadStateDict(state);
  for (const tensor of state.values()) tensor.dispose();
  if (trainedOn === null)
    note(
      `${config.init} does not record which patients it was trained on. ` +
        'If patients of the validation set are among them, the validation is too optimistic.',
    );
  const seen = new Set(trainedOn ?? []);
  const both = validatedOn.filter((patient) => seen.has(patient)).length;
  if (both > 0)
    note(
      `${config.init} was trained on ${both} of the ${validatedOn.length} patients of the validation set, ` +
        'so the validation is too optimistic.',
    );
  return { ...description, trainedOn: [...new Set([...description.trainedOn, ...seen])] };
}
