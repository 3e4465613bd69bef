import { isUtf8 } from 'node:buffer';

/** @typedef {{ text: string, encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' }} DecodedText */

/** Bytes at the start that are looked at for the zero bytes of UTF-16. */
const LOOKED_AT = 4096;

/**
 * Decodes the bytes of a text file: UTF-8, or what Windows programs write instead. A byte-order mark decides and is
 * removed. Without one, ASCII in UTF-16 is recognized by its zero bytes, and bytes that are not UTF-8 are taken as
 * Windows-1252, which holds Latin-1.
 *
 * @param {Uint8Array} bytes
 * @returns {DecodedText}
 */
export function decodeText(bytes) {
  const encoding = encodingOf(bytes);
  // TextDecoder removes the byte-order mark.
  return { text: new TextDecoder(encoding).decode(bytes), encoding };
}

/** @param {Uint8Array} bytes @returns {DecodedText['encoding']} */
function encodingOf(bytes) {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  let even = 0;
  let odd = 0;
  const looked = Math.min(bytes.length, LOOKED_AT);
  for (let at = 0; at < looked; at += 2) {
    if (bytes[at] === 0) even++;
    if (bytes[at + 1] === 0) odd++;
  }
  // Most characters of a table are ASCII; a text file in another encoding has no zero byte.
  if (odd > looked / 4 && even < odd / 8) return 'utf-16le';
  if (even > looked / 4 && odd < even / 8) return 'utf-16be';
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}

/**
 * Parses JSON in any of the encodings of {@link decodeText}, also with a byte-order mark, which `JSON.parse` refuses.
 * @param {Uint8Array} bytes
 * @returns {any}
 * @throws {SyntaxError} from JSON.parse
 */
export function parseJsonBytes(bytes) {
  return JSON.parse(decodeText(bytes).text);
}
