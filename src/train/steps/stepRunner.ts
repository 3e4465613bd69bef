/** Runs training steps. The epoch loop decides how many to run before it reads the counts. */
export interface StepRunner {
  /** Most steps for one call, so that it takes under a tenth of a second: Ctrl-C and progress wait for it. */
  readonly atOnce: number;
  /**
   * Runs `steps` steps.
   * @param first number of the first one in the whole run, from 0; it determines the learning rate
   */
  run(first: number, steps: number): void;
}

/** Runs steps one by one. `step` gets its number in the whole run, from 0. */
export function plainSteps(step: (number: number) => void): StepRunner {
  return {
    atOnce: 1,
    run(first, steps) {
      for (let number = first; number < first + steps; number++) {
        step(number);
      }
    },
  };
}
