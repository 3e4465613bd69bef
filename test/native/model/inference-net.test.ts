import { describe, expect, it } from 'vitest';
import { openModel } from '../../../dist/model/index.js';
import { manualSeed, nn, noGrad, op, randn, scope, type Tensor } from '../../../dist/torch/index.js';

const furthest = (a: Tensor, b: Tensor) => a.to('float64').sub(b.to('float64')).abs().max().item() as number;

/** Noise of the bones' and the air's contrast, interpolated to structures of some pixels. */
function image(channels: number, scaled: boolean): Tensor {
  manualSeed(3);
  const coarse = randn([1, channels, 32, 40]).mul(1000);
  const fine = op('aten::upsample_bilinear2d')(coarse, [128, 160], false) as Tensor;
  const hu = op('aten::clamp')(fine.sub(300), -1000, 1000) as Tensor;
  return scaled ? hu.add(1000).div(2000).mul(255) : hu;
}

describe.each(['default', 'phantom-hu'])('the inference network of %s', (name) => {
  it('is as close to float64 as the layers in float32', () =>
    scope(() =>
      noGrad(() => {
        const { net, model } = openModel(name, 'cpu', { flips: false });
        const { options } = net as nn.UNet;
        const layers = nn.unet(options);
        layers.loadStateDict(net.stateDict());
        const exact = nn.unet({ ...options, channelsLast: false });
        exact.loadStateDict(net.stateDict());
        const x = image(options.inChannels, model.input.kind !== 'hu-clip');
        const [found, plain] = [net.forward(x) as Tensor, layers.eval().forward(x)];
        const wanted = exact.eval().to('float64').forward(x.to('float64')) as Tensor;
        expect(furthest(found, wanted)).toBeLessThan(3 * furthest(plain, wanted));
        expect(furthest(found, plain)).toBeLessThan(1e-5);
        expect(furthest(found, plain)).toBeGreaterThan(0);
      }),
    ));
});
