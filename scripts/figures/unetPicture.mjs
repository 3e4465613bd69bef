import { resolveTrainConfig } from '../../dist/index.js';
import { nn, noGrad, ops, scope, zeros } from '../../dist/torch/index.js';
import { networkOptions } from '../../dist/train/index.js';
import { blue, fontSize, green, grey, ink, line, orange, sky, vermilion } from './style.mjs';
import { arrow, rect, svgPicture, text } from './svg.mjs';

const SLICE = 512;

/**
 * Shapes `[channels, rows, columns]` of a square input on its way through the network's own weights, step by step.
 * Batch norm, ReLU and sigmoid change no shape and are passed over.
 */
const shapesOf = (net, size) =>
  scope(() =>
    noGrad(() => {
      const { depth, inChannels } = net.options;
      const weights = new Map(net.entries().map(({ name, tensor }) => [name.replace(/^unet\./, ''), tensor]));
      const block = (x, name) => {
        const shapes = [];
        for (const layer of [0, 3]) {
          x = ops.conv2d(x, weights.get(`${name}.block.${layer}.weight`), null, [1, 1], [1, 1]);
          shapes.push(x.shape.slice(1));
        }
        return { x, shapes };
      };
      const input = zeros([1, inChannels, size, size]);
      const [down, up, bridges] = [[], [], []];
      let x = input;
      for (let level = 0; level < depth; level++) {
        if (level > 0) x = ops.max_pool2d(bridges.at(-1), [2, 2]);
        const into = x.shape.slice(1);
        const done = block(x, `down_path.${level}`);
        down.push({ into, shapes: done.shapes });
        x = done.x;
        bridges.push(x);
      }
      for (let step = 0; step < depth - 1; step++) {
        const lifted = ops.conv_transpose2d(x, weights.get(`up_path.${step}.up.weight`), null, [2, 2]);
        const bridge = bridges[depth - 2 - step];
        const done = block(ops.cat([lifted, bridge], 1), `up_path.${step}.conv_block`);
        up.unshift({ lifted: lifted.shape.slice(1), copied: bridge.shape.slice(1), shapes: done.shapes });
        x = done.x;
      }
      const output = ops.conv2d(x, weights.get('last.weight')).shape.slice(1);
      const whole = net.forward(input).shape.slice(1);
      if (`${whole}` !== `${output}`)
        throw new Error(
          `drawing the U-Net: its layers give ${output} of ${size} × ${size}, the network gives ${whole}`,
        );
      return { input: input.shape.slice(1), down, up, output };
    }),
  );

/** The U-Net of the default training configuration, with channels and sizes at each level. @returns {string} SVG */
export const unetPicture = () => {
  const config = resolveTrainConfig({ data: 'DIR', out: 'OUT' });
  const { depth, batchNorm, upMode, pooling } = config.network;
  // What the legend and the layout below are written for.
  if (depth !== 3 || !batchNorm || upMode !== 'upconv' || pooling !== 'max')
    throw new Error(`drawing the U-Net: the default network is now ${JSON.stringify(config.network)}; redraw it`);
  const net = nn.unet(networkOptions(config));
  const crop = shapesOf(net, config.cropSize);
  const slice = shapesOf(net, SLICE);
  const parameters = net
    .entries()
    .reduce(
      (sum, { tensor, buffer }) => sum + (buffer ? 0 : tensor.shape.reduce((product, length) => product * length, 1)),
      0,
    );
  net.dispose();

  const [gap, firstX] = [33, 158];
  const tops = [92, 288, 412];
  const wideOf = ([channels]) => Math.max(4, 0.75 * channels);
  const highOf = ([, rows]) => (rows / config.cropSize) * 144;
  const parts = [];
  const middle = (level) => tops[level] + highOf(crop.down[level].into) / 2;
  let x = firstX;
  const bar = (level, shape, colour = sky, label = true) => {
    const wide = wideOf(shape);
    parts.push(rect(x, tops[level], wide, highOf(shape), { fill: colour, stroke: ink, strokeWidth: 1 }));
    if (label)
      parts.push(text(x + wide / 2, tops[level] - 7, `${shape[0]}`, { textAnchor: 'middle', fontSize: fontSize.body }));
    const placed = { left: x, right: x + wide, middle: x + wide / 2, bottom: tops[level] + highOf(shape) };
    x += wide;
    return placed;
  };
  const convolve = (level, shape, colour = blue, fill = sky) => {
    parts.push(arrow(x + 4, middle(level), x + gap - 4, middle(level), colour));
    x += gap;
    return bar(level, shape, fill);
  };

  const bridges = [];
  for (const [level, { into, shapes }] of crop.down.entries()) {
    if (level > 0) {
      const from = bridges.at(-1);
      const wide = wideOf(into);
      x = from.middle - wide / 2;
      parts.push(arrow(from.middle, from.bottom + 4, from.middle, tops[level] - 24, vermilion));
    }
    bar(level, into, level === 0 ? line : sky);
    const placed = shapes.map((shape) => convolve(level, shape));
    bridges.push(placed.at(-1));
  }
  let from = bridges.pop();
  for (let level = depth - 2; level >= 0; level--) {
    const { lifted, copied, shapes } = crop.up[level];
    const bridge = bridges.pop();
    // The lifted half stands above the middle of what it comes from, the copied half at its left.
    x = from.middle - wideOf(lifted) / 2 - wideOf(copied);
    const left = x;
    bar(level, copied, orange, false);
    const joined = bar(level, lifted, sky, false);
    parts.push(
      text(left + (joined.right - left) / 2, tops[level] - 7, `${copied[0]} + ${lifted[0]}`, { textAnchor: 'middle' }),
    );
    const below = tops[level + 1] - 24;
    parts.push(arrow(from.middle, below, from.middle, joined.bottom + 4, green));
    const y = middle(level);
    parts.push(arrow(bridge.right + 5, y, left - 5, y, orange, { strokeDasharray: '6 4' }));
    const last = shapes.map((shape) => convolve(level, shape));
    from = last.at(-1);
  }
  const out = convolve(0, crop.output, ink, line);
  const end = { textAnchor: 'middle', fontSize: fontSize.small, fill: grey };
  parts.push(text(firstX + wideOf(crop.input) / 2, from.bottom + 18, `${crop.input[0]} slices`, end));
  parts.push(text(out.middle, from.bottom + 18, 'probability', end));

  const size = ([, rows, columns]) => `${rows} × ${columns}`;
  for (const level of tops.keys()) {
    parts.push(text(24, middle(level) - 3, `crop ${size(crop.down[level].into)}`));
    parts.push(text(24, middle(level) + 15, `slice ${size(slice.down[level].into)}`, { fill: grey }));
  }
  const keys = [
    [(left, y) => arrow(left, y, left + 30, y, blue), 'convolution 3 × 3, ReLU, batch norm'],
    [(left, y) => arrow(left, y, left + 30, y, vermilion), 'max pooling 2 × 2'],
    [(left, y) => arrow(left, y, left + 30, y, green), 'transposed convolution 2 × 2'],
    [
      (left, y) => arrow(left, y, left + 30, y, orange, { strokeDasharray: '6 4' }),
      'skip connection: copy and concatenate',
    ],
    [(left, y) => arrow(left, y, left + 30, y, ink), 'convolution 1 × 1, sigmoid'],
    [
      (left, y) => rect(left + 11, y - 9, 8, 18, { fill: sky, stroke: ink, strokeWidth: 1 }),
      'a layer’s output, with its number of channels',
    ],
  ];
  for (const [n, [draw, meaning]] of keys.entries()) {
    const [left, y] = [24 + 380 * Math.floor(n / 3), 498 + 26 * (n % 3)];
    parts.push(draw(left, y), text(left + 42, y + 4.5, meaning));
  }
  const count = parameters.toLocaleString('en');
  const note =
    `${count} parameters. Bars are as wide as they have channels and as high as they have rows. ` +
    'The input first passes a batch norm.';
  parts.push(text(24, 590, note, { fontSize: fontSize.small, fill: grey }));
  const [first, ...others] = crop.down.map(({ shapes }) => shapes.at(-1)[0]);
  const description =
    `Levels of ${[first, ...others].join(', ')} channels. ` +
    crop.down
      .map(({ into }, at) => `Level ${at + 1}: ${size(into)} of a crop, ${size(slice.down[at].into)} of a slice.`)
      .join(' ') +
    ' Each level of the way down is joined to the same level of the way up by a skip connection.';
  return svgPicture({ title: 'The U-Net of the default training configuration', description, height: 608, parts });
};
