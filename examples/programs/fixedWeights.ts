import { linspace, type nn, noGrad, scope } from 'nodule-train/torch';

/** Gives every parameter the same values in every run and language: a line from -1/√n to 1/√n, n its last size. */
export function fixWeights(net: nn.AnyModule): void {
  scope(() =>
    noGrad(() => {
      for (const parameter of net.parameters()) {
        const bound = 1 / Math.sqrt(parameter.shape.at(-1) ?? 1);
        parameter.copy_(linspace(-bound, bound, parameter.numel).view(parameter.shape));
      }
    }),
  );
}
