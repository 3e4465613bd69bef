/** What the WebAssembly builds of CharLS and OpenJPEG give. */
interface FrameDecoder {
  /** A view of memory for a stream of this many bytes. */
  getEncodedBuffer(bytes: number): Uint8Array;
  decode(): void;
  /** A view of the decoded values; gone when the decoder is deleted. */
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  delete(): void;
}

interface Loaded {
  readonly create: () => FrameDecoder;
  readonly message: (thrown: unknown) => string;
  /** Lines that the library printed in this call. */
  readonly printed: string[];
}

/** Exported by Emscripten: makes an instance with its own memory. */
export type ModuleFactory = (options: object) => Promise<Record<string, any>>;

/**
 * A decoder that is loaded with the first stream, and anew after one that it failed on: what a failure leaves in its memory is
 * not known. Decoding blocks the thread it runs on.
 */
export const wasmDecoder = (load: () => Promise<ModuleFactory>, className: string) => {
  let loaded: Promise<Loaded> | null = null;

  const instance = async (): Promise<Loaded> => {
    const factory = await load();
    const printed: string[] = [];
    const print = (line: string): void => void printed.push(line);
    const module = await factory({ print, printErr: print });
    const message = (thrown: unknown): string => {
      if (typeof thrown !== 'number') return thrown instanceof Error ? thrown.message : String(thrown);
      // The address of a C++ exception; CharLS's build gives its text, others [type, text].
      const told = [module.getExceptionMessage?.(thrown)].flat().at(-1);
      return told ? String(told).split('\n')[0]! : 'its content is not valid';
    };
    return { create: () => new module[className](), message, printed };
  };

  /** Throws Error with the library's reason; also where it only printed one. */
  return async (stream: Uint8Array, wantedBytes: number): Promise<Uint8Array> => {
    loaded ??= instance();
    const { create, message, printed } = await loaded;
    printed.length = 0;
    try {
      const decoder = create();
      decoder.getEncodedBuffer(stream.length).set(stream);
      decoder.decode();
      const fault = printed.find((line) => /\[(ERROR|WARNING)\]/.test(line));
      if (fault !== undefined) throw new Error(fault.replace(/^.*\[\w+\] */, '').trim());
      const decoded = decoder.getDecodedBuffer();
      if (decoded.length !== wantedBytes)
        throw new Error(`${decoded.length} bytes come out of it, wanted are ${wantedBytes}`);
      // Not its memory itself, which the next frame is written to.
      const values = Uint8Array.from(decoded);
      decoder.delete();
      return values;
    } catch (thrown) {
      loaded = null;
      throw new Error(message(thrown), { cause: thrown });
    }
  };
};
