import { describe, expect, it } from 'vitest';
import { op, ops } from '../../../dist/torch/index.js';
import { native } from '../../../dist/torch/native.js';

const schemasOf = (name: string): readonly string[] => op(`aten::${name}`).schemas;

describe('operators that reach beyond tensors', () => {
  it('read and write files only with unsafe: true', () => {
    expect('from_file' in ops).toBe(false);
    for (const name of ['aten::from_file', 'aten::from_file.out'])
      expect(() => op(name)).toThrow(/opens, creates and extends files.*unsafe: true/);
    expect(op('aten::from_file', { unsafe: true }).schemas.length).toBe(2);
  });

  it('communicate with other processes only with unsafe: true', () => {
    const names = native().operatorNames();
    for (const name of names.filter((one) => /^(_?c10d|symm_mem)/.test(one) && !one.includes('::_')))
      expect(() => op(name), name).toThrow(/communicates with other processes.*unsafe: true/);
  });

  it('are in namespaces that are known', () => {
    // A new one of libtorch needs a decision whether it is given, in unsafeOperators.js.
    const namespaces = new Set(
      native()
        .operatorNames()
        .map((name) => name.split('::', 1)[0]!),
    );
    for (const known of [
      ...['aten', 'nodule', 'c10d', '_c10d_functional', '_c10d_functional_autograd', '_dtensor', '_quantized', '_test'],
      ...['inductor', 'mkl', 'mkldnn', 'mkldnn_prepacked', 'onednn', 'prepacked', 'profiler', 'quantization'],
      ...['quantized', 'sparse', 'static_runtime', 'symm_mem', 'cuda', 'fbgemm', 'rngprims', 'prims'],
    ])
      namespaces.delete(known);
    expect([...namespaces]).toEqual([]);
    for (const name of native().operatorNames())
      if (!/^(aten|nodule)::|::_/.test(name)) expect(() => op(name), name).toThrow(/unsafe: true/);
  });

  it('are not in ops: each of its operators whose name or schema could reach them is known', () => {
    const suspect =
      /file|\bpath\b|url|host\b|port\b|socket|\bserver|stream|process|thread|exec|environ|group_name|\brank\b|send|recv|\bsave\b|load|\bstore|open|Storage|record|profil|__torch__|shm|shared|\bpin_memory\(|is_pinned/;
    const found = Object.keys(ops)
      .filter((name) => name !== 'nodule')
      .filter((name) => suspect.test(name) || schemasOf(name).some((schema) => suspect.test(schema)));
    // einsum has a path of contractions, linalg_lstsq a rank, pin_memory allocates memory of the CUDA driver, and the
    // bridge has no Storage to give to set.
    expect(found).toEqual(['einsum', 'is_pinned', 'linalg_lstsq', 'pin_memory', 'set', 'set_']);
  });
});
