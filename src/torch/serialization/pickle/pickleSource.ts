/** Reason if the bytes end within the pickle; the rest may follow in the file. */
export const CUT_OFF = 'the pickle is truncated';

export interface PickleSource {
  /** Offset of the next byte. */
  place(): number;
  uint8(): number;
  uint16(): number;
  int32(): number;
  uint32(): number;
  /** As a number; used for lengths, where rounding beyond 2^53 does no harm. */
  uint64(): number;
  /** Big-endian, as in a pickle. */
  float64(): number;
  raw(length: number): Uint8Array;
  /** Up to the next line feed, without it. */
  line(): string;
  skip(length: number): void;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
export const textOf = (utf8: Uint8Array): string => decoder.decode(utf8);

/** Reads the bytes of a pickle from `offset` on, in order. @param refuse throws if they end too early */
export function pickleSource(bytes: Uint8Array, offset: number, refuse: (what: string) => never): PickleSource {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let place = offset;
  const take = (length: number): number => {
    if (!(place + length <= bytes.length)) refuse(CUT_OFF);
    const start = place;
    place += length;
    return start;
  };
  const raw = (length: number): Uint8Array => {
    const start = take(length);
    return bytes.subarray(start, start + length);
  };
  return {
    place: () => place,
    uint8: () => bytes[take(1)]!,
    uint16: () => view.getUint16(take(2), true),
    int32: () => view.getInt32(take(4), true),
    uint32: () => view.getUint32(take(4), true),
    uint64: () => Number(view.getBigUint64(take(8), true)),
    float64: () => view.getFloat64(take(8), false),
    raw,
    line: () => {
      const end = bytes.indexOf(10, place);
      if (end < 0) return refuse(CUT_OFF);
      const value = textOf(raw(end - place));
      place++;
      return value;
    },
    skip: (length) => {
      take(length);
    },
  };
}
