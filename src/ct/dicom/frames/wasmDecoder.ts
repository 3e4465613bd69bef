/** The decoder class of the WebAssembly builds of CharLS and OpenJPEG. */
interface FrameDecoder {
  /** Allocates memory for a stream of `bytes` bytes and returns a view of it. */
  getEncodedBuffer(bytes: number): Uint8Array;
  decode(): void;
  /** A view of the decoded values; invalid after `delete`. */
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  delete(): void;
}

interface Loaded {
  readonly create: () => FrameDecoder;
  readonly message: (thrown: unknown) => string;
  /** Lines that the library printed during the current call. */
  readonly printed: string[];
}

/** The function that Emscripten exports: makes an instance with its own memory. */
export type ModuleFactory = (options: object) => Promise<Record<string, any>>;

/** Decodes one stream. Throws an Error with the library's reason, even if the library only printed it. */
export type StreamDecoder = (stream: Uint8Array, expectedBytes: number) => Promise<Uint8Array>;

/**
 * Makes a decoder that loads its module with the first stream, and again after a failure, which may leave the module's
 * memory in any state. Decoding blocks the calling thread.
 */
export const wasmDecoder = (load: () => Promise<ModuleFactory>, className: string): StreamDecoder => {
  let loaded: Promise<Loaded> | null = null;

  const instance = async (): Promise<Loaded> => {
    const factory = await load();
    const printed: string[] = [];
    const print = (line: string): void => void printed.push(line);
    const module = await factory({ print, printErr: print });
    const message = (thrown: unknown): string => {
      if (typeof thrown !== 'number') return thrown instanceof Error ? thrown.message : String(thrown);
      // The address of a C++ exception; CharLS's build gives its text, others [type, text].
      const text = [module.getExceptionMessage?.(thrown)].flat().at(-1);
      return text ? String(text).split('\n')[0]! : 'its content is invalid';
    };
    return { create: () => new module[className](), message, printed };
  };

  return async (stream, expectedBytes) => {
    loaded ??= instance();
    const { create, message, printed } = await loaded;
    printed.length = 0;
    try {
      const decoder = create();
      decoder.getEncodedBuffer(stream.length).set(stream);
      decoder.decode();
      const fault = printed.find((line) => /\[(ERROR|WARNING)\]|ojph (error|warning)/.test(line));
      if (fault !== undefined) throw new Error(fault.replace(/^.*(\[\w+\]|ojph \w+ 0x\w+ at [^ ]+:) */, '').trim());
      const decoded = decoder.getDecodedBuffer();
      if (decoded.length !== expectedBytes)
        throw new Error(`it decodes to ${decoded.length} bytes, expected ${expectedBytes}`);
      // A copy, as the next frame overwrites the decoder's memory.
      const values = Uint8Array.from(decoded);
      decoder.delete();
      return values;
    } catch (thrown) {
      loaded = null;
      throw new Error(message(thrown), { cause: thrown });
    }
  };
};
