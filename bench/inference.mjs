import { nn, noGrad, randn, scope, setNumThreads } from '../dist/torch/index.js';
import { answerRequests, processorSeconds } from './answer.mjs';

// Our side of the rows of inference: the network of a model file as `segment` runs it, with weights as drawn.
setNumThreads(1);
const net = nn
  .unet({
    inChannels: 7,
    classes: 1,
    depth: 3,
    wf: 4,
    padding: true,
    batchNorm: true,
    pooling: 'avg',
    inputNorm: true,
    sigmoid: true,
    channelsLast: true,
  })
  .eval()
  .prepareInference();

const images = new Map();
/** Prepares runs on a fixed image of [batch, 7, height, width]. */
function prepare({ batch, size: [height, width], steps }) {
  const key = `${batch} ${height} ${width}`;
  if (!images.has(key)) images.set(key, randn([batch, 7, height, width]));
  return () => {
    for (let n = 0; n < steps; n++) noGrad(() => scope(() => void net.forward(images.get(key))));
  };
}

await answerRequests(prepare, processorSeconds);
