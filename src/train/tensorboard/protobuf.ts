const ENCODER = new TextEncoder();

/** Concatenates parts into one message. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  // Division, not shifts: steps can exceed 2^31.
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** Encodes a field of wire type 0: an integer from 0 to 2^53. */
export function varintField(field: number, value: number): Uint8Array {
  return concat(varint(field << 3), varint(value));
}

/** Encodes a field of wire type 1: a double. */
export function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return concat(varint((field << 3) | 1), bytes);
}

/** Encodes a field of wire type 5: a float. */
export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat(varint((field << 3) | 5), bytes);
}

/** Encodes a packed repeated field of doubles. */
export function doublesField(field: number, values: Iterable<number>): Uint8Array {
  const doubles = Float64Array.from(values);
  const bytes = new DataView(new ArrayBuffer(8 * doubles.length));
  doubles.forEach((value, n) => {
    bytes.setFloat64(8 * n, value, true);
  });
  return bytesField(field, new Uint8Array(bytes.buffer));
}

/** Encodes a packed repeated field of floats. */
export function floatsField(field: number, values: Iterable<number>): Uint8Array {
  const floats = Float32Array.from(values);
  const bytes = new DataView(new ArrayBuffer(4 * floats.length));
  floats.forEach((value, n) => {
    bytes.setFloat32(4 * n, value, true);
  });
  return bytesField(field, new Uint8Array(bytes.buffer));
}

/** Encodes a field of wire type 2: a nested message, bytes or UTF-8 text. */
export function bytesField(field: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? ENCODER.encode(value) : value;
  return concat(varint((field << 3) | 2), varint(bytes.length), bytes);
}
