// Encodes raw pixels from stdin with OpenJPH: node htj2k.mjs COLUMNS ROWS BITS SIGNED LOSSLESS
// Writes the length of the codestream (4 bytes), the codestream, and the values that OpenJPH decodes from it.
import { readFileSync } from 'node:fs';
import openjph from '@cornerstonejs/codec-openjph/wasmjs';

const [width, height, bitsPerSample, signed, lossless] = process.argv.slice(2).map(Number);
const module = await openjph({});
const encoder = new module.HTJ2KEncoder();
const frame = { width, height, bitsPerSample, componentCount: 1, isSigned: signed === 1, isUsingColorTransform: false };
encoder.getDecodedBuffer(frame).set(readFileSync(0));
encoder.setQuality(lossless === 1, lossless === 1 ? 0 : 0.002);
encoder.setProgressionOrder(2); // RPCL, which .202 requires and the others allow.
encoder.encode();
const stream = Buffer.from(encoder.getEncodedBuffer());
const decoder = new module.HTJ2KDecoder();
decoder.getEncodedBuffer(stream.length).set(stream);
decoder.decode();
const length = Buffer.alloc(4);
length.writeUInt32LE(stream.length);
process.stdout.write(Buffer.concat([length, stream, decoder.getDecodedBuffer()]));
