// Blur, edges, rotation, resizing, histogram and the largest values of an image.
import { arange, functional as F, manualSeed, ops, rand, scope, slice, stack, tensor } from 'nodule-train/torch';

export function images(): number[] {
  manualSeed(7);
  return scope(() => {
    const image = F.interpolate(rand(1, 1, 6, 6), { size: [24, 32], mode: 'bicubic', alignCorners: false }).clamp(0, 1);
    const bell = arange(-3, 4).square().neg().div(2).exp();
    const g = bell.div(bell.sum());
    const padded = F.pad(image, [3, 3, 3, 3], { mode: 'reflect' });
    const blurred = F.conv2d(padded, g.outer(g).index(null, null));
    const sobel = tensor([
      [-1, 0, 1],
      [-2, 0, 2],
      [-1, 0, 1],
    ]);
    const edges = F.conv2d(image, stack([sobel, sobel.t()]).index(':', null)).norm(2, 1);
    const [cos, sin] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
    const theta = tensor([
      [cos, -sin, 0],
      [sin, cos, 0],
    ]);
    const grid = F.affineGrid(theta.index(null), [1, 1, 24, 32], { alignCorners: false });
    const rotated = F.gridSample(image, grid, { mode: 'bilinear', paddingMode: 'border', alignCorners: false });
    const small = F.interpolate(image, { scaleFactor: 0.4, mode: 'bilinear', antialias: true, alignCorners: false });
    const [values, places] = image.flatten().topk(3);
    const bright = image.index('...', slice(4, 10), slice(null, null, 3)).gt(0.5);
    const rows = image.index(0, 0).index([0, 5, 7]);
    return [
      blurred.mean().item(),
      edges.amax().item(),
      rotated.std().item(),
      ...small.shape,
      small.sum().item(),
      ...values.unbind().map((value) => value.item()),
      ...places.unbind().map((place) => place.item()),
      bright.sum().item(),
      rows.mean(1).index(2).item(),
      ...image
        .histc(4, 0, 1)
        .unbind()
        .map((count) => count.item()),
      image.median().item(),
      image.quantile(0.9).item(),
      ops.fft_rfft2(image).abs().index(0, 0, 1, 1).item(),
    ];
  });
}
