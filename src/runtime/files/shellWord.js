/**
 * Quotes a path for a command that a message suggests, so that it can be pasted into a POSIX shell; control characters
 * need the `$'…'` of Bash and zsh.
 * @param {string} path
 */
export function shellWord(path) {
  // A leading dash would be read as an option.
  const word = path.startsWith('-') ? `./${path}` : path;
  if (/^[\p{L}\p{M}\p{N}_@%+=:,./-]+$/u.test(word)) return word;
  if (/\p{Cc}/u.test(word)) {
    const escaped = word.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, (one) => {
      const code = /** @type {number} */ (one.codePointAt(0));
      return one === '\n' ? '\\n' : one === '\t' ? '\\t' : `\\u${code.toString(16).padStart(4, '0')}`;
    });
    return `$'${escaped}'`;
  }
  if (!/["$`\\!]/.test(word)) return `"${word}"`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
