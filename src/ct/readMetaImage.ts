import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import { NoduleTrainError } from '../runtime/error.js';
import { decode, elementTypes, type Values } from './elementType.js';
import { checkMetaHeader, type MetaHeader } from './metaHeader.js';

const inflate = promisify(unzip);

/** Longer than any header; ITK writes under 1 kB, comments and DICOM fields may add some. */
const headerLimit = 1 << 16;

/** DEFLATE cannot shrink further than this, so a header that claims more lies about its size. */
const deflateLimit = 1032;

/** Reads a MetaImage file (`.mhd` with its `.raw` or `.zraw`, `.mha`): header and values, shape [slices, rows, columns]. */
export const readMetaImage = async (path: string): Promise<{ header: MetaHeader; values: Values }> => {
  const file = await openToRead(path, `reading the scan ${path}`, 'give the path of a .mhd or .mha file');
  try {
    const { fields, end } = await readFields(file, path);
    const header = checkMetaHeader(path, fields);
    const type = elementTypes.get(header.elementType)!;
    if (header.dataFile === null)
      return { header, values: decode(await readData(file, path, header, end), type, header.bigEndian) };
    const dataPath = join(dirname(path), header.dataFile);
    const data = await openToRead(
      dataPath,
      `reading ${dataPath}, the ElementDataFile of ${path}`,
      'put it beside the header',
    );
    try {
      return { header, values: decode(await readData(data, dataPath, header, 0), type, header.bigEndian) };
    } finally {
      await data.close();
    }
  } finally {
    await file.close();
  }
};

const openToRead = async (path: string, doing: string, mend: string): Promise<FileHandle> => {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const found = code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${code})`;
    throw new NoduleTrainError('scan-missing', `${doing}: ${found}; ${mend}`, { cause });
  }
  throw new NoduleTrainError('scan-missing', `${doing}: it is not a file; ${mend}`);
};

/** `Key = Value` lines up to ElementDataFile, which ends a header, and where the bytes after it begin. */
const readFields = async (file: FileHandle, path: string): Promise<{ fields: Map<string, string>; end: number }> => {
  const start = Buffer.alloc(headerLimit);
  const { bytesRead } = await file.read(start, 0, headerLimit, 0);
  const text = start.toString('latin1', 0, bytesRead);
  const fields = new Map<string, string>();
  let end = 0;
  for (let line = 1; end < text.length; line++) {
    const newline = text.indexOf('\n', end);
    const content = text.slice(end, newline < 0 ? text.length : newline).trim();
    end = newline < 0 ? text.length : newline + 1;
    if (content === '') continue;
    const equals = content.indexOf('=');
    const key = content.slice(0, Math.max(equals, 0)).trim();
    if (!/^[A-Za-z]\w*$/.test(key)) {
      throw new NoduleTrainError(
        'metaimage-header',
        `reading the header ${path}: line ${line} is ${JSON.stringify(content.slice(0, 40))}; wanted is "Field = value": this is no MetaImage file`,
      );
    }
    fields.set(key, content.slice(equals + 1).trim());
    if (key === 'ElementDataFile') return { fields, end };
  }
  throw new NoduleTrainError(
    'metaimage-header',
    `reading the header ${path}: field ElementDataFile is missing in its first ${bytesRead} bytes; wanted is LOCAL or the name of the file with the values`,
  );
};

const readData = async (file: FileHandle, path: string, header: MetaHeader, local: number): Promise<Buffer> => {
  const { size } = await file.stat();
  const wanted = `${header.dataBytes} bytes (DimSize ${header.shape.toReversed().join(' ')} of ${header.elementType})`;
  const fail = (found: string, mend: string): never => {
    throw new NoduleTrainError(
      'metaimage-data',
      `reading the values in ${path}: ${found}; the header wants ${wanted}: ${mend}`,
    );
  };
  const start = header.headerSize === -1 ? size - header.dataBytes : Math.max(header.headerSize, local);
  const there = Math.max(0, size - start);
  if (!header.compressed) {
    if (start < local || there < header.dataBytes) {
      fail(`the file is truncated, it holds ${start < local ? size - local : there} bytes`, 'copy it again');
    }
    if (there > header.dataBytes)
      fail(`the file holds ${there} bytes`, 'one of DimSize, ElementType and HeaderSize is wrong');
    return readFully(file, path, start, header.dataBytes);
  }
  if (header.compressedSize !== null && there < header.compressedSize) {
    fail(
      `the file is truncated, it holds ${there} of the ${header.compressedSize} bytes of CompressedDataSize`,
      'copy it again',
    );
  }
  const packedBytes = header.compressedSize || there;
  if (header.dataBytes > packedBytes * deflateLimit) {
    fail(
      `${packedBytes} compressed bytes cannot hold as much`,
      'DimSize or ElementType is wrong, or the file is truncated',
    );
  }
  const packed = await readFully(file, path, start, packedBytes);
  // One byte more than wanted: so a stream that is too long shows itself without being unpacked.
  const limits = { chunkSize: Math.max(64, header.dataBytes + 1), maxOutputLength: Math.max(64, header.dataBytes + 1) };
  const values = await inflate(packed, limits).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ERR_BUFFER_TOO_LARGE')
      return fail('more bytes come out of it', 'DimSize or ElementType is wrong');
    return fail(`it does not unpack (${cause.message})`, 'it is truncated or damaged, copy it again');
  });
  if (values.length !== header.dataBytes)
    fail(`${values.length} bytes come out of it`, 'DimSize or ElementType is wrong, or the file is truncated');
  return values;
};

const readFully = async (file: FileHandle, path: string, start: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafeSlow(length);
  // One read takes at most 2 GiB.
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, 1 << 30), start + done);
    if (bytesRead === 0) {
      throw new NoduleTrainError(
        'metaimage-data',
        `reading the values in ${path}: the file became shorter while it was read; read it again`,
      );
    }
    done += bytesRead;
  }
  return bytes;
};
