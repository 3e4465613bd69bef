/** The one error type of this package. `code` is stable and kebab-case; the message says what to do. */
export class NoduleTrainError extends Error {
  /**
   * @param {string} code stable, kebab-case; programs branch on it
   * @param {string} message what was being done, to what, what was found, what is wanted, what to do
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'NoduleTrainError';
    this.code = code;
  }
}
