type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** Voxel values as a file may hold them. */
export type Values = Numbers | BigInt64Array | BigUint64Array;

export interface ElementType {
  /** Bytes of one value in the file. */
  readonly bytes: number;
  /** Creates a typed-array view of the bytes, which must be aligned and in native byte order. */
  readonly view: (bytes: Uint8Array) => Values;
  /** Whether the type can hold -1000 HU; unsigned and 8-bit types cannot. */
  readonly holdsHu: boolean;
}

type Constructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): Values;
};

const element = (Type: Constructor, holdsHu: boolean): ElementType => ({
  bytes: Type.BYTES_PER_ELEMENT,
  view: ({ buffer, byteOffset, byteLength }) => new Type(buffer, byteOffset, byteLength / Type.BYTES_PER_ELEMENT),
  holdsHu,
});

/** Every element type that is read; each format has its own names for them. */
export const elementTypes = {
  int8: element(Int8Array, false),
  uint8: element(Uint8Array, false),
  int16: element(Int16Array, true),
  uint16: element(Uint16Array, false),
  int32: element(Int32Array, true),
  uint32: element(Uint32Array, false),
  int64: element(BigInt64Array, true),
  uint64: element(BigUint64Array, false),
  float32: element(Float32Array, true),
  float64: element(Float64Array, true),
};

export const machineIsLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Decodes `bytes` to values; swaps them in place where the file's byte order is not the machine's. */
export const decode = (bytes: Buffer, type: ElementType, bigEndian: boolean): Values => {
  const aligned = bytes.byteOffset % type.bytes === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  if (bigEndian === machineIsLittleEndian) {
    if (type.bytes === 2) aligned.swap16();
    if (type.bytes === 4) aligned.swap32();
    if (type.bytes === 8) aligned.swap64();
  }
  return type.view(aligned);
};

/**
 * Infers the intensity from the element type, for files that do not record it: unsigned and 8-bit values are taken for
 * arbitrary, unless they look like Hounsfield units; for others it is unknown.
 */
export const inferIntensity = ({
  holdsHu,
}: ElementType): { readonly intensity: 'arbitrary' | null; readonly mayBeHu?: boolean } =>
  holdsHu ? { intensity: null } : { intensity: 'arbitrary', mayBeHu: true };

/** The bytes of an array, as a view. */
export const viewBytes = ({ buffer, byteOffset, byteLength }: Values): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
