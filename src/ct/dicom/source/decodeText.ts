/** Labels of TextDecoder for the defined terms of SpecificCharacterSet without code extensions (PS3.3 C.12.1.1.2). */
const labels: ReadonlyMap<string, string> = new Map([
  ['', 'ascii'],
  ['6', 'ascii'],
  ['100', 'latin1'],
  ['101', 'iso-8859-2'],
  ['109', 'iso-8859-3'],
  ['110', 'iso-8859-4'],
  ['144', 'iso-8859-5'],
  ['127', 'iso-8859-6'],
  ['126', 'iso-8859-7'],
  ['138', 'iso-8859-8'],
  ['148', 'windows-1254'],
  ['203', 'iso-8859-15'],
  ['13', 'shift_jis'],
  ['166', 'windows-874'],
  ['192', 'utf-8'],
  ['GB18030', 'gb18030'],
  ['GBK', 'gbk'],
]);

/** Escape sequences that select the upper half of the code table (PS3.3 tables C.12-3 and C.12-4). */
const upperSets: ReadonlyMap<string, string> = new Map([
  ['-A', 'latin1'],
  ['-B', 'iso-8859-2'],
  ['-C', 'iso-8859-3'],
  ['-D', 'iso-8859-4'],
  ['-F', 'iso-8859-7'],
  ['-G', 'iso-8859-6'],
  ['-H', 'iso-8859-8'],
  ['-L', 'iso-8859-5'],
  ['-M', 'windows-1254'],
  ['-T', 'windows-874'],
  ['-b', 'iso-8859-15'],
  [')I', 'shift_jis'],
  ['$)C', 'euc-kr'],
  ['$)A', 'gbk'],
]);

/** Escape sequences that select the lower half; two of them make it a table of two bytes per character. */
const lowerSets: ReadonlyMap<string, 'one byte' | 'JIS X 0208' | 'JIS X 0212'> = new Map([
  ['(B', 'one byte'],
  ['(J', 'one byte'],
  ['$B', 'JIS X 0208'],
  ['$(D', 'JIS X 0212'],
]);

export interface DecodedText {
  readonly text: string;
  /** Whether bytes had to be guessed or replaced, as SpecificCharacterSet does not cover them. */
  readonly guessed: boolean;
}

/** Decodes a text value whose SpecificCharacterSet has the values `terms`. */
export function decodeText(bytes: Uint8Array, terms: readonly string[]): DecodedText {
  if (bytes.every((byte) => byte < 0x80 && byte !== 0x1b))
    return { text: Buffer.from(bytes).toString('latin1'), guessed: false };
  const first = labels.get((terms[0] ?? '').replace(/^ISO[_ ]IR[ _]?|^ISO[ _]2022[ _]IR[ _]?/, ''));
  if (first === undefined || first === 'ascii') {
    if (bytes.includes(0x1b)) return checked(decodeExtended(bytes, 'latin1'), terms.length < 2);
    return { text: guess(bytes), guessed: true };
  }
  if (!bytes.includes(0x1b)) return checked(decodeAs(first, bytes), false);
  return checked(decodeExtended(bytes, first), false);
}

const checked = (text: string, guessed: boolean): DecodedText => ({
  text,
  guessed: guessed || text.includes('\ufffd'),
});

const decodeAs = (label: string, bytes: Uint8Array): string => new TextDecoder(label).decode(bytes);

/** Bytes without a character set: UTF-8 where they are, else Latin-1. */
const guess = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return decodeAs('latin1', bytes);
  }
};

const escapeByte = 0x1b;

/** Line ends, tab, and the delimiters of values and name components, which reset the code table (PS3.5 6.1.2.5.3). */
const resets = new Set([...'\t\n\f\r^=\\'].map((character) => character.charCodeAt(0)));

/** Decodes text with escape sequences (ISO 2022). Unknown ones are dropped. */
const decodeExtended = (bytes: Uint8Array, initial: string): string => {
  let [upper, lower]: [string, 'one byte' | 'JIS X 0208' | 'JIS X 0212'] = [initial, 'one byte'];
  let text = '';
  let run: number[] = [];
  const flush = (): void => {
    const all = Uint8Array.from(run);
    // EUC-JP has the same tables with the highest bit set; 8F selects JIS X 0212.
    if (lower === 'one byte') text += decodeAs(upper, all);
    else if (lower === 'JIS X 0208')
      text += decodeAs(
        'euc-jp',
        all.map((byte) => byte | 0x80),
      );
    else {
      const pairs = run.flatMap((byte, k) => (k % 2 === 0 ? [0x8f, byte | 0x80] : [byte | 0x80]));
      text += decodeAs('euc-jp', Uint8Array.from(pairs));
    }
    run = [];
  };
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === escapeByte) {
      flush();
      const three = String.fromCharCode(...bytes.subarray(at + 1, at + 4));
      const code = [three, three.slice(0, 2)].find((one) => upperSets.has(one) || lowerSets.has(one));
      if (code === undefined) continue;
      upper = upperSets.get(code) ?? upper;
      lower = lowerSets.get(code) ?? lower;
      at += code.length;
    } else {
      if (lower === 'one byte' && resets.has(byte)) {
        flush();
        text += String.fromCharCode(byte);
        upper = initial;
      } else run.push(byte);
    }
  }
  flush();
  return text;
};
