/** The error type of this package. */
export class NoduleTrainError extends Error {
  /**
   * @param {string} code stable, kebab-case; programs branch on it
   * @param {string} message "doing X: found Y, expected Z. Do W."
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'NoduleTrainError';
    this.code = code;
  }
}
