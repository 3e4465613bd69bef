// Fine-tunes a Python checkpoint and saves it for Python.
//   node fine-tune.mjs IN.pt OUT.pt
// IN.pt comes from fine-tune.py: {'model': state_dict, 'optimizer': Adam's state_dict, 'epoch': n}.
import { fromData, loadPt, losses, nn, optim, savePt, scope } from 'nodule-train/torch';

const [input, output] = process.argv.slice(2);
if (output === undefined) {
  console.error('usage: node fine-tune.mjs IN.pt OUT.pt');
  process.exit(2);
}

/** The same module as in fine-tune.py. Property names are the names in the state_dict. */
class Segmenter extends nn.Module {
  conv1 = nn.conv2d(1, 8, 3, { padding: 1 });
  norm1 = nn.batchNorm2d(8);
  conv2 = nn.conv2d(8, 8, 3, { padding: 1 });
  head = nn.conv2d(8, 1, 1);

  /** [B, 1, H, W] -> probabilities [B, 1, H, W]. */
  forward(x) {
    const first = this.norm1.forward(this.conv1.forward(x)).relu();
    return this.head.forward(this.conv2.forward(first).relu()).sigmoid();
  }
}

const checkpoint = await loadPt(input);
const net = new Segmenter();
net.loadStateDict(checkpoint.get('model'));
const adam = optim.adam(net.parameters());
adam.loadStateDict(checkpoint.get('optimizer'));
console.log(`read epoch ${checkpoint.get('epoch')}, learning rate ${adam.lr}`);

/** Creates the same squares as the Python side: the image is the mask plus a fixed pattern. */
function batch(step) {
  const size = 16;
  const image = new Float32Array(4 * size * size);
  const target = new Float32Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const [sample, row, column] = [Math.floor(i / size ** 2), Math.floor(i / size) % size, i % size];
    const corner = (3 * sample + step) % 9;
    const inside = row >= corner && row < corner + 6 && column >= corner && column < corner + 6;
    target[i] = Number(inside);
    image[i] = Number(inside) + (((i * 7919) % 13) - 6) / 10;
  }
  return { image: fromData(image, [4, 1, size, size]), target: fromData(target, [4, 1, size, size]) };
}

const train = (step) =>
  scope(() => {
    const { image, target } = batch(step);
    const loss = losses.dice(net.forward(image), target).mean();
    adam.zeroGrad();
    loss.backward();
    adam.step();
    return loss.item();
  });

const first = train(0);
let last = first;
for (let step = 1; step < 60; step++) last = train(step);
console.log(`loss ${first.toFixed(4)} -> ${last.toFixed(4)}`);

await savePt(output, {
  model: net.stateDict(),
  optimizer: adam.pythonStateDict(),
  epoch: checkpoint.get('epoch') + 1,
});
console.log(`wrote ${output}`);
