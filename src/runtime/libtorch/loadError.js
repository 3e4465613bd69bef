import { NoduleTrainError } from '../error.js';

/** End of every error about finding and opening libtorch and the addon. */
export const ADVICE = "'npx nodule-train doctor' lists what is missing and the command that fixes it.";

/** @param {string} message */
const joint = (message) => {
  if (message.includes('\n')) return '\n';
  return message.endsWith('.') ? ' ' : '; ';
};

/**
 * Creates an error about loading the addon, which ends with {@link ADVICE}.
 * @param {string} code
 * @param {string} message without a full stop if it ends with a command
 * @param {{cause?: unknown}} [options]
 */
export function loadError(code, message, options) {
  return new NoduleTrainError(code, `${message}${joint(message)}${ADVICE}`, options);
}
