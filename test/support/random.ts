/** Numbers from 0 to 1 of a seed, the same on every machine: the linear congruential generator of Numerical Recipes. */
export const random = (seed: number) => (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};
