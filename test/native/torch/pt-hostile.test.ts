import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NoduleTrainError } from '../../../dist/runtime/error.js';
import { loadPt, loadPtSync, memory, type Tensor } from '../../../dist/torch/index.js';
import { zipArchive, zipEntry } from '../../../dist/torch/serialization/zip/writeZip.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('hostile');

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const uint32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('latin1');
};
const text = (value: string): string => `X${uint32(value.length)}${value}`;
const int = (value: number): string => `J${uint32(value >>> 0)}`;

type Entries = Record<string, Buffer>;
/** A file of torch.save whose pickle has these opcodes, and these storages. */
const archive = (opcodes: string, storages: Entries = {}, compress = false): string => {
  const file = path.join(folder, 'hostile.pt');
  const entries: [string, Uint8Array][] = [
    ['a/data.pkl', latin1(`\x80\x02${opcodes}.`)],
    ...Object.entries(storages).map(([key, bytes]): [string, Uint8Array] => [`a/data/${key}`, bytes]),
  ];
  fs.writeFileSync(
    file,
    Buffer.concat(zipArchive(entries.map(([name, content]) => zipEntry(name, content, compress)))),
  );
  return file;
};
/** The legacy stream: magic, protocol, system, value, keys of the storages, storages. */
const legacy = (opcodes: string, keys = '](', storages = Buffer.alloc(0)): string => {
  const file = path.join(folder, 'legacy.pt');
  const magic = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.';
  const head = `${magic}\x80\x02M\xe9\x03.\x80\x02}.\x80\x02${opcodes}.\x80\x02${keys}e.`;
  fs.writeFileSync(file, Buffer.concat([latin1(head), storages]));
  return file;
};
const storage = (elements: string, key = '0', type = 'FloatStorage'): string =>
  `(${text('storage')}ctorch\n${type}\n${text(key)}${text('cpu')}${elements}tQ`;
const tensorOf = (store: string, offset: string, sizes: string, strides: string): string =>
  `ctorch._utils\n_rebuild_tensor_v2\n(${store}${offset}(${sizes}t(${strides}t\x89ccollections\nOrderedDict\n)RtR`;
const float = (elements: number): Entries => ({ '0': Buffer.alloc(4 * elements) });

const messageOf = (file: string): string => {
  try {
    loadPtSync(file);
    return 'nothing was refused';
  } catch (error) {
    return `${(error as NoduleTrainError).name} ${(error as NoduleTrainError).code}: ${(error as Error).message}`;
  }
};

describe('a hostile .pt', () => {
  it.each([
    'os.system',
    'posix.system',
    'builtins.eval',
    'builtins.exec',
    'builtins.getattr',
    'builtins.__import__',
    'subprocess.Popen',
    'torch.load',
    'torch.nn.modules.linear.Linear',
    'torch._utils._rebuild_sparse_tensor',
    'torch._utils._rebuild_qtensor',
    'torch.storage._load_from_bytes',
    'collections.defaultdict',
    'copyreg._reconstructor',
    '__builtin__.compile',
  ])('that names %s is refused by that name, whichever opcode names it, in both formats', (name) => {
    const [module, attribute] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)];
    const byLines = `c${module}\n${attribute}\n(${text('true')}tR`;
    const byStack = `${text(module)}${text(attribute)}\x93(${text('true')}tR`;
    for (const file of [archive(byLines), archive(byStack), legacy(byLines), legacy(byStack)]) {
      const message = messageOf(file);
      expect(message).toMatch(/^NoduleTrainError pickle-global: /);
      expect(message).toContain(`names ${name}, which is not plain data`);
    }
  });

  it('the names that a state_dict needs cannot be called to build anything else', () => {
    expect(messageOf(archive('ctorch\nFloatStorage\n)R'))).toMatch(
      /torch\.FloatStorage is called, which is not allowed/,
    );
    expect(messageOf(archive('ctorch\nfloat32\n)R'))).toMatch(/torch\.float32 is called/);
    expect(messageOf(archive(`${text('os')}${text('system')}R`))).toMatch(/a value is called/);
    expect(messageOf(archive('i'))).toMatch(/found opcode 0x69, expected one that data needs/);
    expect(loadPtSync(archive('ctorch\nbfloat16\n'))).toBe('bfloat16');
    expect(messageOf(archive('ccollections\nOrderedDict\n'))).toMatch(
      /found the class or function collections\.OrderedDict, expected plain data/,
    );
  });

  const million = 1_000_000;
  it.each<[string, () => string, RegExp]>([
    [
      'nested a million levels deep',
      () => archive(`${']'.repeat(million)}${'a'.repeat(million - 1)}`),
      /more than 1000 levels|more memory/,
    ],
    ['nested 5,000 levels deep', () => archive(`${']'.repeat(5000)}${'a'.repeat(4999)}`), /more than 1000 levels/],
    ['nested 5,000 dicts deep', () => archive(`${'}K\x01'.repeat(5000)}N${'s'.repeat(5000)}`), /more than 1000 levels/],
    ['that contains itself', () => archive(']q\x00h\x00a'), /the value contains itself/],
    ['whose memo contains itself through a dict', () => archive('}q\x00K\x01]h\x00as'), /the value contains itself/],
    ['that is its own global name', () => archive(`${laughs()}${text('x')}\x93`), /a name that is not a string/],
    [
      'whose device is a billion laughs',
      () => archive(`ctorch\ndevice\n${laughs()}\x85R`),
      /a torch\.device has no type/,
    ],
    [
      'whose bytes are a billion laughs',
      () => archive(`c_codecs\nencode\n${laughs()}\x85R`),
      /bytes are made from a value that is not a string/,
    ],
    [
      'whose storage key is a billion laughs',
      () => archive(`(${text('storage')}ctorch\nFloatStorage\n${laughs()}${text('cpu')}K\x01tQ`),
      /a storage has an unknown description/,
    ],
    ['with a list of a million new dicts', () => archive(`](${`}`.repeat(million)}e`), /more memory/],
    [
      'that makes a dict of the same 10,000 pairs 10,000 times',
      () =>
        archive(`](${'N\x89\x86'.repeat(10_000)}eq\x000(${'ccollections\nOrderedDict\nh\x00\x85R'.repeat(10_000)}l`),
      /more memory/,
    ],
    [
      'that makes a set of the same list 100,000 times',
      () => archive(`](${'K\x01'.repeat(1000)}eq\x000(${'cbuiltins\nset\nh\x00\x85R'.repeat(100_000)}l`),
      /more memory/,
    ],
    ['with a string of 4 GB', () => archive(`X${uint32(0xffffffff)}abc`), /the pickle is truncated/],
    ['with bytes of 2^63', () => archive('\x8e\xff\xff\xff\xff\xff\xff\xff\x7f'), /the pickle is truncated/],
    ['with a string of 2^64', () => archive('\x8d\xff\xff\xff\xff\xff\xff\xff\xff'), /the pickle is truncated/],
    ['that ends in the middle', () => archive(']('), /no mark|found a mark, expected a value/],
    ['that is empty', () => archive(''), /the stack is empty/],
    ['that pops too much', () => archive('N00'), /the stack is empty/],
    ['with an unknown memo', () => archive('h\x07'), /the memo has no entry 7/],
    ['with a protocol of the future', () => archive('\x80\x09N'), /unknown protocol/],
    [
      'with items that are not pairs',
      () => archive('ccollections\nOrderedDict\n(K\x01lq\x00\x85R'),
      /items that are not pairs/,
    ],
    ['with an invalid number', () => archive('Iseven\n'), /a line is not an integer/],
    [
      'with a thousand dimensions',
      () => archive(tensorOf(storage('K\x01'), 'K\x00', 'K\x01'.repeat(1000), 'K\x01'.repeat(1000)), float(1)),
      /no valid storage, offset, shape/,
    ],
    [
      'with a shape that no memory holds',
      () => archive(tensorOf(storage('K\x01'), 'K\x00', `${long(2 ** 40)}${long(2 ** 40)}`, 'K\x00K\x00'), float(1)),
      /which does not fit into memory/,
    ],
    [
      'with a negative size',
      () => archive(tensorOf(storage('K\x01'), 'K\x00', int(-1), 'K\x01'), float(1)),
      /no valid storage, offset, shape/,
    ],
    [
      'with a negative stride',
      () => archive(tensorOf(storage('K\x02'), 'K\x01', 'K\x02', int(-1)), float(2)),
      /no valid storage, offset, shape/,
    ],
    [
      'with a negative offset',
      () => archive(tensorOf(storage('K\x02'), int(-1), 'K\x02', 'K\x01'), float(2)),
      /no valid storage, offset, shape/,
    ],
    [
      'that reaches over its storage',
      () => archive(tensorOf(storage('K\x04'), 'K\x02', 'K\x03', 'K\x01'), float(4)),
      /reaches element 4 of storage "0", which has 4/,
    ],
    [
      'whose storage says more than it has',
      () => archive(tensorOf(storage(long(2 ** 40)), 'K\x00', 'K\x01', 'K\x01'), float(1)),
      /storage "0" has 4 bytes, expected 1099511627776/,
    ],
    [
      'whose storage is not there',
      () => archive(tensorOf(storage('K\x01', '../../etc/passwd'), 'K\x00', 'K\x01', 'K\x01')),
      /storage ".*passwd" has no bytes/,
    ],
    [
      'whose storage has two dtypes',
      () =>
        archive(
          `(${tensorOf(storage('K\x01'), 'K\x00', 'K\x01', 'K\x01')}${tensorOf(storage('K\x01', '0', 'LongStorage'), 'K\x00', 'K\x01', 'K\x01')}t`,
          float(1),
        ),
      /in one place/,
    ],
    [
      'whose tensor is a key',
      () => archive(`}${tensorOf(storage('K\x01'), 'K\x00', 'K\x01', 'K\x01')}Ns`, float(1)),
      /a key of a dict is not a number, a text or a tuple of these/,
    ],
    [
      'whose array of NumPy has a shape beyond memory',
      () => archive(numpyArray(`(${long(2 ** 52)}${long(2 ** 52)}K\x00t`, '')),
      /shape \[4503599627370496,4503599627370496,0\].* expected more than fit into memory/,
    ],
    [
      'whose array of NumPy has another size',
      () => archive(numpyArray('K\x02\x85', 'abc')),
      /of shape \[2\] and float64 has 3 bytes, expected 16/,
    ],
    [
      'whose array of NumPy has no content',
      () => archive('cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R'),
      /an array of NumPy has no content/,
    ],
    [
      'whose NumPy texts are made from the same bytes again and again',
      () =>
        archive(
          `](${numpyType('U9000')}q\x01B${uint32(36_000)}${'a\0\0\0'.repeat(9000)}q\x02` +
            `${'cnumpy.core.multiarray\nscalar\nh\x01h\x02\x86R'.repeat(10_000)}e`,
        ),
      /need more memory/,
    ],
    [
      'whose tensor with attributes is rebuilt by itself',
      () => archive(`ctorch._tensor\n_rebuild_from_type_v2\nq\x01${'(h\x01N'.repeat(30_000)})${'}t'.repeat(30_000)}R`),
      /no function that rebuilds it/,
    ],
    [
      'whose integers require gradients',
      () =>
        archive(
          tensorOf(storage('K\x01', '0', 'LongStorage'), 'K\x00', 'K\x01', 'K\x01').replace('\x89c', '\x88c'),
          float(2),
        ),
      /a tensor of int64 cannot require gradients/,
    ],
    ['with attributes on a number', () => archive('K\x01}b'), /attributes are set on a value that has none/],
    [
      'whose legacy storage says more than the file has',
      () => legacy(tensorOf(storage(long(2 ** 40)), 'K\x00', 'K\x01', 'K\x01'), `](${text('0')}`),
      /truncated or damaged in storage "0"/,
    ],
    [
      'whose legacy storages are listed twice',
      () =>
        legacy(tensorOf(storage('K\x00'), 'K\x00', 'K\x00', 'K\x01'), `](${text('0')}${text('0')}`, Buffer.alloc(16)),
      /lists "0" twice/,
    ],
    [
      'whose legacy storages are not listed',
      () => legacy(tensorOf(storage('K\x01'), 'K\x00', 'K\x01', 'K\x01')),
      /does not list storage "0"/,
    ],
  ])('%s is refused', async (_, make, wanted) => {
    const file = make();
    const before = memory();
    const message = messageOf(file);
    expect(message).toMatch(wanted);
    expect(message).toMatch(/^NoduleTrainError (pickle|pickle-cut-off|pt): [^\n]{1,500}$/);
    expect(memory(), 'no tensor is left').toMatchObject({ handles: before.handles, bytes: before.bytes });
    await expect(loadPt(file)).rejects.toThrow(wanted);
  });

  it('lists that each hold the next ten times are read without being expanded', () => {
    const value = loadPtSync(archive(laughs())) as unknown[];
    expect(value.length).toBe(10);
    expect(value[0]).toBe(value[9]);
  });

  it('tuples that each hold the next a thousand times are a key without being expanded', () => {
    const memo = (i: number) => String.fromCharCode(i);
    let opcodes = 'K\x01q\x00';
    for (let i = 1; i < 8; i++) opcodes += `(${`h${memo(i - 1)}`.repeat(1000)}tq${memo(i)}0`;
    const value = loadPtSync(archive(`${opcodes}}h${memo(7)}Ns`)) as Map<unknown[], null>;
    expect([...value.keys()][0]!.length).toBe(1000);
  });

  it('big-endian numbers made from the same bytes are equal', () => {
    const bytes = '\x3f\xf0\0\0\0\0\0\0';
    const one = 'cnumpy.core.multiarray\nscalar\nh\x01h\x02\x86R';
    const value = loadPtSync(archive(`${numpyType('f8', '>')}q\x010C\x08${bytes}q\x020(${one}${one}l`));
    expect(value).toEqual([1, 1]);
  });

  it('bytes that become booleans are 0 or 1', () => {
    const id = `(${text('storage')}ctorch.storage\nUntypedStorage\n${text('0')}${text('cpu')}K\x04tQ`;
    const opcodes = `ctorch._utils\n_rebuild_tensor_v3\n(${id}K\x00K\x04\x85K\x01\x85\x89Nctorch\nbool\ntR`;
    const value = loadPtSync(archive(opcodes, { '0': Buffer.from([0, 1, 2, 255]) })) as Tensor;
    expect([...value.to('uint8').data()]).toEqual([0, 1, 1, 1]);
  });

  it('a zip archive with wrong sizes, overlapping entries or too much content is refused', () => {
    const zeros = Buffer.alloc(80 * 2 ** 20);
    const pickle = tensorOf(storage(int(zeros.length / 4)), 'K\x00', int(zeros.length / 4), 'K\x01');
    expect(messageOf(archive(pickle, { '0': zeros }, true)), 'a compressed storage of 80 MiB').toMatch(
      /pt: .* more memory/,
    );

    const twice = path.join(folder, 'twice.pt');
    const entry: [string, Uint8Array] = ['a/data.pkl', latin1('\x80\x02N.')];
    fs.writeFileSync(twice, Buffer.concat(zipArchive([zipEntry(...entry), zipEntry(...entry)])));
    expect(messageOf(twice)).toMatch(/zip: .*names "a\/data\.pkl" twice/);

    const honest = fs.readFileSync(archive(tensorOf(storage('K\x10'), 'K\x00', 'K\x10', 'K\x01'), float(16)));
    const second = honest.lastIndexOf(latin1('PK\x01\x02'));
    const first = honest.indexOf(latin1('PK\x01\x02'));
    const zip64 = (at: number) => at + 46 + honest.readUInt16LE(at + 28) + 4;
    const damaged = (change: (bytes: Buffer) => void): string => {
      const bytes = Buffer.from(honest);
      change(bytes);
      const file = path.join(folder, 'damaged.pt');
      fs.writeFileSync(file, bytes);
      return messageOf(file);
    };
    const place = (at: number) => zip64(at) + 16;
    expect(damaged((bytes) => bytes.writeBigUInt64LE(bytes.readBigUInt64LE(place(first)), place(second)))).toMatch(
      /zip: .*overlap/,
    );
    expect(damaged((bytes) => bytes.writeBigUInt64LE(2n ** 62n, zip64(second)))).toMatch(/zip: .* 64 bytes, expected /);
    expect(damaged((bytes) => bytes.writeBigUInt64LE(2n ** 62n, place(second)))).toMatch(/zip: .* outside the file/);
    expect(damaged((bytes) => bytes.writeUInt16LE(99, second + 10))).toMatch(/zip: .*method 99/);
    const end64 = honest.lastIndexOf(latin1('PK\x06\x06'));
    expect(damaged((bytes) => bytes.writeBigUInt64LE(2n ** 60n, end64 + 32))).toMatch(
      /zip: .*too small for its entries/,
    );
    expect(damaged((bytes) => bytes.writeBigUInt64LE(2n ** 60n, end64 + 48))).toMatch(/zip: .*outside the file/);
  });
});

function numpyType(code: string, order = '<'): string {
  const unknown = 'J\xff\xff\xff\xff';
  return `cnumpy\ndtype\n(${text(code)}\x89\x88tR(K\x03${text(order)}NNN${unknown}${unknown}K\x00tb`;
}

function numpyArray(shape: string, bytes: string): string {
  const made = 'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R';
  return `${made}(K\x01${shape}${numpyType('f8')}\x89B${uint32(bytes.length)}${bytes}tb`;
}

/** LONG1. */
function long(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return `\x8a\x08${bytes.toString('latin1')}`;
}

/** Twenty lists, each of ten times the one before: 10^20 items as text. */
function laughs(): string {
  const memo = (i: number) => String.fromCharCode(i);
  let opcodes = `(${text('ha')}lq\x000`;
  for (let i = 1; i < 20; i++) opcodes += `(${`h${memo(i - 1)}`.repeat(10)}lq${memo(i)}0`;
  return `${opcodes}h${memo(19)}`;
}
