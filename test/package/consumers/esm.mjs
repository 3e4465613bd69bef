import { NoduleTrainError } from 'nodule-train';
import { nn, noGrad, ones, scope } from 'nodule-train/torch';

const total = ones([2, 3]).add(1).sum().item();
const net = nn.unet({ inChannels: 7, classes: 1, depth: 3, wf: 3, padding: true, batchNorm: true, sigmoid: true });
const output = scope(() => noGrad(() => net.forward(ones([1, 7, 32, 32]))));
console.log(JSON.stringify({ total, shape: output.shape, error: NoduleTrainError.name }));
