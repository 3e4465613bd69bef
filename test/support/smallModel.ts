import { fromData, manualSeed, nn, saveTensorsSync, type Tensor } from '../../dist/torch/index.js';
import { resolveTrainConfig } from '../../dist/train/config/config.js';
import { describeModel } from '../../dist/train/parts/describeModel.js';
import { networkOptions } from '../../dist/train/parts/networkOptions.js';
import { saveCheckpoint } from '../../dist/train/run/checkpoint.js';
import { initialState } from '../../dist/train/run/runState.js';

const config = resolveTrainConfig({ data: 'scans', out: 'run', network: { depth: 2, wf: 2 } });

/** Writes a small untrained model as a run saves it; `spoil` may change its weights, `network` its metadata. */
export function writeModel(
  path: string,
  { spoil = () => {}, network = {} }: { spoil?: (state: Map<string, Tensor>) => void; network?: object } = {},
): void {
  manualSeed(1);
  const net = nn.unet(networkOptions(config));
  const state = net.stateDict() as Map<string, Tensor>;
  spoil(state);
  const description = describeModel(config, []);
  const described = { ...description, network: { ...description.network, ...network } };
  saveCheckpoint(
    path,
    { net: { stateDict: () => state } as nn.Module, description: described },
    { config, state: initialState() },
  );
}

/** Writes the same weights without metadata. */
export function writeWeights(path: string): void {
  saveTensorsSync(path, nn.unet(networkOptions(config)).stateDict() as Map<string, Tensor>, {});
}

/** Puts NaN into the last layer. */
export const withNaN = (state: Map<string, Tensor>): void => {
  state.set('unet.last.bias', fromData(Float32Array.of(Number.NaN), [1]));
};
