/** Does training steps; the loop around it decides how many come before it looks at the counts again. */
export interface StepRunner {
  /** How many steps one call may do, so that it takes under a tenth of a second: Ctrl-C and progress wait for it. */
  readonly atOnce: number;
  /**
   * Does `steps` steps.
   * @param first number of the first over the whole run, from 0; it says the learning rate
   */
  run(first: number, steps: number): void;
}

/** Each step as it is written, one after the other; it is given its number over the whole run, from 0. */
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
