/** LO holds 64 characters, but some programs count bytes. */
const MOST_BYTES = 64;

/** Returns a text as LO holds it: without control characters and backslashes, cut to its length. */
export function shortText(text: string): string {
  const characters = [...text.replace(/[\\\p{Cc}\p{Surrogate}]/gu, '_')].slice(0, MOST_BYTES);
  while (Buffer.byteLength(characters.join('')) > MOST_BYTES) characters.pop();
  return characters.join('').trim();
}
