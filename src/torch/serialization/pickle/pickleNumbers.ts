type Refuse = (what: string) => never;

const exact = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/** LONG1: little-endian two's complement. Returns a number up to 2^53, else a bigint. */
export const wholeFromBytes = (little: Uint8Array): number | bigint => {
  let value = 0n;
  for (let i = little.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(little[i]!);
  if (little.length > 0 && little[little.length - 1]! >= 128) value -= 1n << BigInt(8 * little.length);
  return exact(value);
};

// The most digits of the 255 bytes of LONG1.
const MOST_DIGITS = 620;

/** INT and LONG: decimal digits on a line, with Python 2's trailing L. */
export const wholeFromText = (line: string, refuse: Refuse): number | bigint =>
  line.length <= MOST_DIGITS && /^[+-]?\d+L?$/.test(line)
    ? exact(BigInt(line.replace(/^\+|L$/g, '')))
    : refuse('a line is not an integer');

const special: Record<string, number> = { inf: Infinity, '+inf': Infinity, '-inf': -Infinity, nan: NaN, '-nan': NaN };

/** FLOAT: a number as Python's repr writes it. */
export const floatFromText = (line: string, refuse: Refuse): number => {
  if (Object.hasOwn(special, line)) return special[line]!;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(line) ? Number(line) : refuse('a line is not a number');
};

/** UNICODE: text with the escapes of Python's raw-unicode-escape. */
export const textFromLine = (line: string, refuse: Refuse): string =>
  line.replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi, (_, short: string | undefined, long: string | undefined) => {
    const code = Number.parseInt(short ?? long!, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : refuse('an escape is not a character');
  });
