import { spawnSync } from 'node:child_process';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { byZlib, inflate } from '../../../src/ct/imageFile/inflate.js';
import { findInflater } from '../../../src/runtime/files/inflater.js';
import { inDist } from '../../support/paths.js';

const bytes = fc.uint8Array({ maxLength: 3000 });
const outcome = async (found: ReturnType<typeof inflate>) => {
  const { fault = null, ...rest } = await found;
  return { fault, bytes: 'bytes' in rest && rest.bytes !== undefined ? [...rest.bytes] : null };
};

it('the addon built here has libdeflate', () => {
  expect(findInflater().inflater?.name).toMatch(/^libdeflate 1\.\d+$/);
});

it('libdeflate unpacks zlib streams and several gzip members, also with bytes after the stream', async () => {
  await fc.assert(
    fc.asyncProperty(bytes, bytes, fc.constantFrom(0, 1, 6, 9), async (first, second, level) => {
      const members = Buffer.concat([gzipSync(first, { level }), gzipSync(second, { level })]);
      const both = Buffer.concat([first, second]);
      expect(await outcome(inflate(members, both.length))).toEqual({ fault: null, bytes: [...both] });
      const stream = Buffer.concat([deflateSync(first, { level }), Buffer.from([0, 1])]);
      expect(await outcome(inflate(stream, first.length))).toEqual({ fault: null, bytes: [...first] });
    }),
    { numRuns: 100 },
  );
});

it('libdeflate and node:zlib agree on mutated streams', async () => {
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.boolean(),
      fc.nat(),
      fc.nat(255),
      fc.nat(),
      fc.integer({ min: -3, max: 3 }),
      async (content, gzip, at, value, cut, more) => {
        const packed = (gzip ? gzipSync : deflateSync)(content);
        // The magic bytes stay: a stream that is neither zlib nor gzip gives a different fault.
        packed[2 + (at % (packed.length - 2))] = value;
        const stream = packed.subarray(0, packed.length - (cut % 4 === 0 ? cut % packed.length : 0));
        const size = Math.max(0, content.length + more);
        const [ours, theirs] = [await outcome(inflate(stream, size)), await outcome(byZlib(stream, size))];
        // A stream with two faults may give either, but it must give one.
        expect(ours.fault === null).toBe(theirs.fault === null);
        expect(ours.bytes).toEqual(theirs.bytes);
      },
    ),
    { numRuns: 1000 },
  );
});

it('a stream that unpacks to too many or too few bytes is distinguished from a damaged one', async () => {
  const packed = deflateSync(Buffer.alloc(10_000));
  expect(await inflate(packed, 9_999)).toMatchObject({ fault: 'longer' });
  expect(await inflate(packed, 10_001)).toMatchObject({ fault: 'shorter', found: 'it unpacks to 10000 bytes' });
  expect(await inflate(packed.subarray(0, -5), 10_000)).toMatchObject({ fault: 'damaged' });
  expect(await inflate(Buffer.alloc(0), 10)).toMatchObject({ fault: 'damaged' });
});

it('a worker may be terminated while it unpacks', () => {
  const script = `
    import { Worker } from 'node:worker_threads';
    const code = \`import('\${process.argv[1]}').then(async ({ inflate }) => {
      const { deflateSync } = await import('node:zlib');
      const packed = deflateSync(Buffer.alloc(2e7));
      const { parentPort } = await import('node:worker_threads');
      parentPort.postMessage(0);
      for (;;) await inflate(packed, 2e7);
    })\`;
    for (let n = 0; n < 5; n++) {
      const worker = new Worker(code, { eval: true });
      await new Promise((go) => worker.once('message', go));
      await new Promise((go) => setTimeout(go, 10 * n));
      await worker.terminate();
    }
    console.log('ended');`;
  const module = inDist('ct', 'imageFile', 'inflate.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, module], {
    encoding: 'utf8',
  });
  expect({ status, stdout: stdout.trim() }, stderr).toEqual({ status: 0, stdout: 'ended' });
});
