import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ops, tensor } from '../../../dist/torch/index.js';

const root = path.join(import.meta.dirname, '..', '..', '..');
const nodule = ['crop_augment', 'draw_epoch', 'philox4x32_10', 'relu_batch_norm'];

/** Names that the generated types declare below the heading of an interface. */
const typedNames = (heading: string): string[] => {
  const text = readFileSync(path.join(root, 'src', 'torch', 'operators', 'operatorTypes.generated.ts'), 'utf8');
  const body = text.slice(text.indexOf(`interface ${heading} {`)).split('\n}\n')[0]!;
  return [...new Set([...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name!))];
};

/** What Tab shows after `line` in a REPL of its own process that has `ops`. */
const completions = (line: string): string[] => {
  const script = `
    import { PassThrough } from 'node:stream';
    import repl from 'node:repl';
    import { ops } from ${JSON.stringify(path.join(root, 'dist', 'torch', 'index.js'))};
    const server = repl.start({ input: new PassThrough(), output: new PassThrough(), terminal: false });
    server.context.ops = ops;
    server.completer(${JSON.stringify(line)}, (error, [found]) => {
      if (error) throw error;
      console.log(JSON.stringify(found));
      process.exit();
    });`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }));
};

describe('the names in ops', () => {
  it('are own keys: every typed operator, and nodule', () => {
    const names = Reflect.ownKeys(ops);
    expect(names).toEqual(expect.arrayContaining(typedNames('AtenOperators')));
    expect(names[0]).toBe('nodule');
    expect(new Set(names).size).toBe(names.length);
    expect(Object.keys(ops)).toEqual(names);
    expect(Object.getOwnPropertyNames(ops)).toEqual(names);
    expect(Reflect.ownKeys(ops.nodule)).toEqual(nodule);
    expect(Object.keys(ops.nodule)).toEqual(nodule);
    expect(typedNames('NoduleOperators')).toEqual(nodule);
  });

  it('come in a for … in loop, without names of the prototype', () => {
    const seen: string[] = [];
    for (const name in ops) seen.push(name);
    expect(seen).toContain('conv2d');
    expect(seen).toEqual(Object.keys(ops));
  });

  it('each resolve to their operator', () => {
    const { nodule: own, ...aten } = ops;
    expect(Object.keys(own)).toEqual(nodule);
    for (const [name, operator] of Object.entries(aten)) {
      expect(operator, name).toBeTypeOf('function');
      expect((operator as unknown as { schemas: string[] }).schemas[0]).toMatch(new RegExp(`^aten::${name}[.(]`));
    }
    expect(Object.getOwnPropertyDescriptor(ops, 'add')).toEqual({
      value: ops.add,
      writable: false,
      enumerable: true,
      configurable: true,
    });
  });

  it("answer 'name' in ops and Object.hasOwn", () => {
    expect('conv2d' in ops).toBe(true);
    expect('crop_augment' in ops.nodule).toBe(true);
    expect('nodule' in ops).toBe(true);
    expect('toString' in ops).toBe(true);
    expect('no_such_thing' in ops).toBe(false);
    expect('conv2d' in ops.nodule).toBe(false);
    expect(Object.hasOwn(ops, 'conv2d')).toBe(true);
    expect(Object.hasOwn(ops, 'toString')).toBe(false);
    expect(Object.hasOwn(ops, 'no_such_thing')).toBe(false);
  });

  it('leave out what only unsafe gives, and keep operators with one safe signature', () => {
    for (const name of ['_softmax', 'align_tensors', 'quantized_lstm_cell']) {
      expect(name in ops, name).toBe(false);
      expect(Object.keys(ops)).not.toContain(name);
      expect(() => (ops as any)[name], name).toThrow(/unsafe: true/);
    }
    expect(Object.keys(ops)).toContain('linalg_eigvals');
  });

  it('complete by Tab in the REPL', () => {
    const found = completions('ops.conv_tr');
    expect(found).toEqual(['ops.conv_transpose1d', 'ops.conv_transpose2d', 'ops.conv_transpose3d']);
    expect(completions('ops.nodule.crop')).toEqual(['ops.nodule.crop_augment']);
  });

  it('print as a few lines, before and after a use', () => {
    expect(ops.relu(tensor([-1, 2])).toArray()).toEqual([0, 2]);
    const count = Object.keys(ops).length - 1;
    const text = [
      `ops: ${count} operators of aten, and nodule.`,
      'Object.keys(ops) lists them, ops.NAME.schemas shows the signatures',
    ].join(' ');
    expect(inspect(ops)).toBe(text);
    expect(inspect(ops, { showProxy: true, showHidden: true }).length).toBeLessThan(1000);
    expect(inspect({ ops })).toBe(`{\n  ops: ${text}\n}`);
    expect(inspect(ops.nodule)).toBe(
      'ops.nodule: crop_augment, draw_epoch, philox4x32_10, relu_batch_norm. ops.nodule.NAME.schemas shows the signatures',
    );
    expect(inspect(ops, { customInspect: false })).toBe('{}');
    expect(String(ops)).toBe('[object Object]');
  });

  it('cannot be changed', () => {
    const anyOps = ops as any;
    expect(() => {
      anyOps.add = 1;
    }).toThrow(TypeError);
    expect(() => {
      anyOps.of_mine = 1;
    }).toThrow(TypeError);
    expect(() => {
      delete anyOps.add;
    }).toThrow(TypeError);
    expect(ops.add(tensor([1]), 1).toArray()).toEqual([2]);
  });

  it('are not read at import', () => {
    const script = `
      import { ops } from ${JSON.stringify(path.join(root, 'dist', 'torch', 'index.js'))};
      const loaded = () => process.report.getReport().sharedObjects.some((file) => file.includes('libtorch'));
      process.stdout.write(String(loaded()));
      Object.keys(ops);
      process.stdout.write(String(loaded()));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(output).toBe('falsetrue');
  });
});
