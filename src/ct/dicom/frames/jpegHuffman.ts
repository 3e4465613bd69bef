/**
 * Adds the Huffman tables of a DHT segment to `tables`, by their class (0 DC and lossless, 1 AC) times 16 plus their
 * number. A table has `length << 8 | symbol` for each possible 16 bits, and 0 where no code matches.
 */
export const readHuffmanTables = (content: Buffer, tables: Map<number, Uint16Array>): void => {
  for (let at = 0; at < content.length; ) {
    if (at + 17 > content.length) throw new Error('a Huffman table is truncated');
    const selector = content[at]!;
    const counts = content.subarray(at + 1, at + 17);
    at += 17;
    const table = new Uint16Array(1 << 16);
    let next = 0;
    for (let length = 1; length <= 16; length++) {
      const span = 1 << (16 - length);
      for (let k = 0; k < counts[length - 1]!; k++, next += span) {
        const symbol = content[at++];
        // A DC symbol is a number of bits; an AC symbol has the number of zeros before it in its upper half.
        if (symbol === undefined || (selector < 16 && symbol > 16) || next + span > 1 << 16)
          throw new Error('a Huffman table is invalid');
        table.fill((length << 8) | symbol, next, next + span);
      }
    }
    tables.set(selector, table);
  }
};

interface HuffmanReader {
  /** Reads one code. */
  symbol(table: Uint16Array): number;
  /** Reads a value of at most 15 bits, of which a leading 0 means negative (ITU-T T.81, figure F.12). */
  signedBits(count: number): number;
  /** Reads a restart marker. */
  passRestart(): void;
  /** Throws an Error if more bits have been read than the stream has. */
  checkEnd(): void;
}

/** Reads the entropy-coded bits of a scan, which begin at `begin`. */
export const huffmanReader = (stream: Buffer, begin: number): HuffmanReader => {
  let at = begin;
  let bits = 0;
  let held = 0;
  let beyond = 0;

  /**
   * Ensures that at least 16 bits are held. After the last byte it adds zeros and counts them in `beyond`, so their use
   * is noticed.
   */
  const fill = (): void => {
    while (held <= 16) {
      let byte = 0;
      if (at >= stream.length || (stream[at] === 0xff && stream[at + 1] !== 0)) beyond++;
      else {
        byte = stream[at++]!;
        if (byte === 0xff) at++;
      }
      bits = (bits << 8) | byte;
      held += 8;
    }
  };

  const checkEnd = (): void => {
    if (held < 8 * beyond) throw new Error('it is truncated');
  };

  return {
    symbol: (table) => {
      fill();
      const code = table[(bits >>> (held - 16)) & 0xffff]!;
      if (code === 0) {
        checkEnd();
        throw new Error('it has a code that is not in its Huffman table');
      }
      held -= code >> 8;
      return code & 0xff;
    },
    signedBits: (count) => {
      if (count === 0) return 0;
      fill();
      held -= count;
      const extra = (bits >>> held) & ((1 << count) - 1);
      return extra < 1 << (count - 1) ? extra - (1 << count) + 1 : extra;
    },
    passRestart: () => {
      checkEnd();
      [bits, held, beyond] = [0, 0, 0];
      while (stream[at] === 0xff && stream[at + 1] === 0xff) at++;
      if (stream[at] !== 0xff || (stream[at + 1]! & 0xf8) !== 0xd0) throw new Error('a restart marker is missing');
      at += 2;
    },
    checkEnd,
  };
};
