import { NoduleTrainError } from '../error.js';

/** What every error of finding and opening libtorch and the addon ends with. */
export const ADVICE = "'npx nodule-train doctor' names all that is missing and the one command that mends it.";

/** @param {string} message */
const joint = (message) => {
  if (message.includes('\n')) return '\n';
  return message.endsWith('.') ? ' ' : '; ';
};

/**
 * An error on the way to a loaded addon.
 * @param {string} code
 * @param {string} message without a full stop where it ends with a command
 * @param {{cause?: unknown}} [options]
 */
export function loadError(code, message, options) {
  return new NoduleTrainError(code, `${message}${joint(message)}${ADVICE}`, options);
}
