/** The encoding of a file (PS3.5 section 10, PS3.6 table A-1). */
export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly bigEndian: boolean;
  readonly deflated: boolean;
  /** Whether the pixels are compressed frames (JPEG, RLE and so on) in fragments. */
  readonly compressed: boolean;
  /** Whether the compression always or usually changes the values; a few of these allow lossless frames too. */
  readonly lossy: boolean;
}

const plain = (uid: string, name: string, rest: Partial<TransferSyntax> = {}): TransferSyntax => ({
  uid,
  name,
  bigEndian: false,
  deflated: false,
  compressed: false,
  lossy: false,
  ...rest,
});
const packed = (uid: string, name: string, lossy = false): TransferSyntax =>
  plain(uid, name, { compressed: true, lossy });

const known = [
  plain('1.2.840.10008.1.2', 'Implicit VR Little Endian'),
  plain('1.2.840.10008.1.2.1', 'Explicit VR Little Endian'),
  plain('1.2.840.10008.1.2.1.99', 'Deflated Explicit VR Little Endian', { deflated: true }),
  plain('1.2.840.10008.1.2.2', 'Explicit VR Big Endian', { bigEndian: true }),
  packed('1.2.840.10008.1.2.4.50', 'JPEG Baseline', true),
  packed('1.2.840.10008.1.2.4.51', 'JPEG Extended', true),
  packed('1.2.840.10008.1.2.4.57', 'JPEG Lossless'),
  packed('1.2.840.10008.1.2.4.70', 'JPEG Lossless, first-order prediction'),
  packed('1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless'),
  packed('1.2.840.10008.1.2.4.81', 'JPEG-LS Near-Lossless', true),
  packed('1.2.840.10008.1.2.4.90', 'JPEG 2000 Lossless'),
  packed('1.2.840.10008.1.2.4.91', 'JPEG 2000', true),
  packed('1.2.840.10008.1.2.4.201', 'High-Throughput JPEG 2000 Lossless'),
  packed('1.2.840.10008.1.2.4.202', 'High-Throughput JPEG 2000 with RPCL Lossless'),
  packed('1.2.840.10008.1.2.4.203', 'High-Throughput JPEG 2000', true),
  packed('1.2.840.10008.1.2.5', 'RLE Lossless'),
  packed('1.2.840.10008.1.2.8.1', 'Deflated Image Frame Compression'),
];

/** Finds a transfer syntax by UID. An unknown one counts as compressed, as all new ones of the standard are. */
export const findTransferSyntax = (uid: string): TransferSyntax =>
  known.find((syntax) => syntax.uid === uid) ?? packed(uid, `transfer syntax ${uid}`);
