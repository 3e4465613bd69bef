const MAX_LENGTH = 80;

/**
 * Quotes text from a file for a message: on one line, cut at 80 characters.
 * @param {string} text
 */
export function quoted(text) {
  return JSON.stringify(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text);
}
