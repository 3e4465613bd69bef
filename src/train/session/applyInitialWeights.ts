import type { ModelDescription } from '../../model/index.js';
import type { nn } from '../../torch/index.js';
import type { TrainConfig } from '../config/schema.js';
import { readInitialWeights } from './readInitialWeights.js';

/**
 * Puts the weights of the model that `init` names into a network, and notes what that means for validation.
 * @returns the description with all patients that the model has then been trained on
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
      `${config.init} does not say whom it was trained on: if patients that validate here are among them, validation is too good.`,
    );
  const seen = new Set(trainedOn ?? []);
  const both = validatedOn.filter((patient) => seen.has(patient)).length;
  if (both > 0)
    note(
      `${config.init} was trained on ${both} of the ${validatedOn.length} patients that validate here: validation is too good.`,
    );
  return { ...description, trainedOn: [...new Set([...description.trainedOn, ...seen])] };
}
