import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { nn, ones, optim, randn, scope, type Tensor, tensor } from '../../../dist/torch/index.js';
import { loadPtSync, savePtSync } from '../../../dist/torch/serialization/index.js';
import { pythonInterpreter } from '../../support/python.js';
import { scratchFolder } from '../../support/scratch.js';
import { described, exampleTensors } from './exampleTensors.js';

const python = pythonInterpreter();
const folder = scratchFolder('pt');

const inFolder = (name: string) => path.join(folder, name);
const runPython = (code: string): string =>
  execFileSync(python!, ['-c', `import torch, sys\n${code}`], { cwd: folder, encoding: 'utf8' });

describe('savePt and loadPt', () => {
  it('nested values round-trip', () => {
    const value = new Map<string, unknown>([
      [
        'weights',
        new Map([
          [
            'a',
            tensor([
              [1.5, 2],
              [3, 4],
            ]),
          ],
        ]),
      ],
      ['epoch', 3],
      ['lr', 0.1],
      ['large', 2n ** 70n],
      ['negative', -(2 ** 40)],
      ['list', [1, 'zwölf', [true, null]]],
    ]);
    savePtSync(inFolder('nested.pt'), value);
    const back = loadPtSync(inFolder('nested.pt')) as Map<string, unknown>;
    expect((back.get('weights') as Map<string, ReturnType<typeof ones>>).get('a')!.toArray()).toEqual([
      [1.5, 2],
      [3, 4],
    ]);
    for (const name of ['epoch', 'lr', 'large', 'negative', 'list']) expect(back.get(name)).toEqual(value.get(name));
  });

  it('names the place of a value it cannot hold, and of one that contains itself', () => {
    expect(() => savePtSync(inFolder('no.pt'), { a: [1, () => 1] })).toThrow(/the value\.a\[1\] is a function/);
    const loop: unknown[] = [];
    loop.push(loop);
    expect(() => savePtSync(inFolder('no.pt'), { loop })).toThrow(/contains itself/);
    expect(fs.existsSync(inFolder('no.pt'))).toBe(false);
  });

  it('refuses every name that is not plain data, and runs nothing', () => {
    const file = inFolder('evil.pt');
    // The legacy stream whose first pickle calls os.system.
    fs.writeFileSync(file, Buffer.from('\x80\x02cos\nsystem\nU\x04trueR.', 'latin1'));
    expect(() => loadPtSync(file)).toThrow(/names os\.system, which is not plain data/);
  });

  it('refuses truncated and other files with one clear error', () => {
    const file = inFolder('whole.pt');
    savePtSync(file, { a: ones([100]) });
    const bytes = fs.readFileSync(file);
    for (const length of [0, 1, 30, 200, bytes.length - 30, bytes.length - 1]) {
      fs.writeFileSync(inFolder('cut.pt'), bytes.subarray(0, length));
      expect(() => loadPtSync(inFolder('cut.pt'))).toThrow(
        /^reading .*cut\.pt: (not a readable zip archive|it was not written by torch\.save)/,
      );
    }
    fs.writeFileSync(inFolder('text.pt'), 'PK but not a zip archive at all, only so much text');
    expect(() => loadPtSync(inFolder('text.pt'))).toThrow(/not a readable zip archive/);
  });

  it('no single damaged byte of the pickle crashes the process or leaves the error class', () => {
    const file = inFolder('damaged.pt');
    savePtSync(
      file,
      new Map([
        ['a', ones([2, 3])],
        ['b', tensor(1)],
      ]),
    );
    const bytes = fs.readFileSync(file);
    const start = bytes.indexOf('_rebuild') - 60;
    let refused = 0;
    for (let at = start; at < start + 250; at++)
      for (const value of [0, 0x2e, 0x52, 0x62, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        fs.writeFileSync(file, damaged);
        try {
          loadPtSync(file);
        } catch (error) {
          refused++;
          expect((error as Error).name, `byte ${at} = ${value}: ${(error as Error).message}`).toBe('NoduleTrainError');
        }
      }
    expect(refused).toBeGreaterThan(100);
  });
});

describe.skipIf(python === null)('beside Python (skipped without the pinned Python environment)', () => {
  it('torch.load(weights_only=True) opens our files: a state_dict, and an optimizer that continues', () => {
    const net = nn.unet({ depth: 2, wf: 2, batchNorm: true });
    const adam = optim.adam(net.parameters());
    net
      .forward(randn([1, 1, 32, 32]))
      .sum()
      .backward();
    adam.step();
    savePtSync(inFolder('ours.pt'), { model: net.stateDict(), optimizer: adam.pythonStateDict() });
    const out = runPython(`
value = torch.load('ours.pt', weights_only=True)
parameters = [torch.nn.Parameter(t) for n, t in value['model'].items() if 'running' not in n and 'num_batches' not in n]
adam = torch.optim.Adam(parameters)
adam.load_state_dict(value['optimizer'])
print(len(parameters), float(adam.state[parameters[0]]['step']), tuple(value['model']['last.weight'].shape))`);
    expect(out.trim()).toBe('28 1.0 (2, 4, 1, 1)');
  });

  it('reads files of Python in both formats: views that share a storage, every dtype, nested containers', () => {
    runPython(`
base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
value = {'base': base, 'view': base[1:, ::2], 't': base.t(), 'p': torch.nn.Parameter(torch.ones(2)), 's': torch.Size([1, 2]),
  'nest': [(1, 2.5), {'x': None, 3: True}], 'big': 2**70, 'set': {1, 2}}
for name in 'float32 float64 float16 bfloat16 int8 uint8 int16 int32 int64 bool'.split():
  value[name] = torch.tensor([[1, 0]]).to(getattr(torch, name))
torch.save(value, 'zip.pt')
torch.save(value, 'legacy.pt', _use_new_zipfile_serialization=False)`);
    for (const name of ['zip.pt', 'legacy.pt']) {
      const value = loadPtSync(inFolder(name)) as Map<string, any>;
      expect(value.get('view').toArray(), name).toEqual([
        [4, 6],
        [8, 10],
      ]);
      value.get('base').fill_(7);
      expect(value.get('t').toArray()[3], `${name}: the storage is shared`).toEqual([7, 7, 7]);
      expect([value.get('p').requiresGrad, value.get('p').isLeaf]).toEqual([true, true]);
      expect(value.get('s')).toEqual([1, 2]);
      expect(value.get('nest')).toEqual([
        [1, 2.5],
        new Map<unknown, unknown>([
          ['x', null],
          [3, true],
        ]),
      ]);
      expect(value.get('big')).toBe(2n ** 70n);
      expect(value.get('set')).toEqual(new Set([1, 2]));
      for (const dtype of ['float64', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32', 'int64'])
        expect([value.get(dtype).dtype, value.get(dtype).toArray()]).toEqual([dtype, [[1, 0]]]);
      expect(value.get('bool').toArray()).toEqual([[true, false]]);
    }
  });

  it('every dtype crosses both ways bit by bit: special numbers, empty, 0-dim and transposed tensors', () => {
    scope(() => {
      const tensors = exampleTensors();
      savePtSync(inFolder('dtypes.pt'), { tensors, ü: ['list', { 3: true }, null, -(2n ** 70n), 1e300] });
      const seen = JSON.parse(
        runPython(`
import json
value = torch.load('dtypes.pt', weights_only=True)
assert value['ü'] == ['list', {'3': True}, None, -2**70, 1e300], value['ü']
torch.save(value, 'back.pt')
torch.save(value, 'back-legacy.pt', _use_new_zipfile_serialization=False)
print(json.dumps({name: [str(t.dtype)[6:], list(t.shape), t.contiguous().reshape(-1).view(torch.uint8).tolist()] for name, t in value['tensors'].items()}))`),
      ) as Record<string, unknown>;
      for (const [name, value] of tensors) expect(seen[name], name).toEqual(described(value));
      for (const file of ['back.pt', 'back-legacy.pt']) {
        const back = (loadPtSync(inFolder(file)) as Map<string, Map<string, Tensor>>).get('tensors')!;
        expect([...back.keys()]).toEqual([...tensors.keys()]);
        for (const [name, value] of tensors)
          expect(described(back.get(name)!), `${file} ${name}`).toEqual(described(value));
      }
    });
  });

  it('refuses a user class by name', () => {
    runPython(`
class Model(torch.nn.Linear): pass
torch.save(Model(1, 1), 'model.pt')`);
    expect(() => loadPtSync(inFolder('model.pt'))).toThrow(
      /names __main__\.Model, which is not plain data but a class or function of the script that saved the file/,
    );
  });
});
