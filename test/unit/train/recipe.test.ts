import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveTrainConfig } from '../../../dist/train/config/config.js';
import { assignedFields, mergeFields, readRecipe } from '../../../dist/train/config/recipe.js';
import { scratchFolder } from '../../support/scratch.js';

const folder = scratchFolder('recipe');
const write = (text: string | Buffer): string => {
  const path = join(folder, 'recipe.yaml');
  writeFileSync(path, text);
  return path;
};

describe('a recipe', () => {
  it('is YAML or JSON, with comments, and overrides defaults', () => {
    const yaml = write('# what helped\nlearningRate: 3e-3\nnetwork:\n  depth: 4\naugment: { noise: 0 }\n');
    expect(readRecipe(yaml)).toEqual({ learningRate: 0.003, network: { depth: 4 }, augment: { noise: 0 } });
    expect(readRecipe(write('{"epochs": 3, "compat": {"biasInit": true}}'))).toEqual({
      epochs: 3,
      compat: { biasInit: true },
    });
    expect(readRecipe(write('# nothing yet\n'))).toEqual({});
    const config = resolveTrainConfig(mergeFields(readRecipe(write('network: {depth: 4}')), { data: 'a', out: 'b' }));
    expect(config.network).toMatchObject({ depth: 4, wf: 4 });
  });

  it('may have a byte-order mark or be in UTF-16 or Latin-1, as Windows programs save it', () => {
    const text = '# Größe\r\nepochs: 3\r\n';
    for (const bytes of [
      Buffer.from(`\ufeff${text}`),
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
      Buffer.from(text, 'latin1'),
    ])
      expect(readRecipe(write(bytes))).toEqual({ epochs: 3 });
  });

  it.each([
    ['learningRate: [1, 2', /reading the recipe .*recipe\.yaml: .* at line 1/],
    ['- 1\n- 2\n', /found no fields/],
    ['3', /found no fields/],
    ['a: 1\na: 2\n', /unique.* at line 2/],
    ['a: &x [1]\nb: *x\n', /reading the recipe/],
  ])('%j is rejected in one line', (text, message) => {
    expect(() => readRecipe(write(text))).toThrow(message);
    try {
      readRecipe(write(text));
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
    }
  });

  it('is named if it does not exist, and so is an unknown field', () => {
    expect(() => readRecipe(join(folder, 'nowhere.yaml'))).toThrow(/nowhere\.yaml: there is no such file/);
    const fields = readRecipe(write('learningrate: 1'));
    expect(() => resolveTrainConfig({ ...fields, data: 'a', out: 'b' })).toThrow(/unknown field `learningrate`/);
  });
});

describe('--set', () => {
  it('sets fields by their path and parses numbers and booleans', () => {
    expect(assignedFields(['network.depth=4', 'augment.flip=false', 'loss=dice-ce', 'network.pooling=avg'])).toEqual({
      network: { depth: 4, pooling: 'avg' },
      augment: { flip: false },
      loss: 'dice-ce',
    });
  });
  it.each(['network.depth', '=4', '.a=1', 'a..b=1', '__proto__.x=1'.replace('__proto__', '1')])(
    'rejects %s',
    (text) => {
      expect(() => assignedFields([text])).toThrow(/expected a field and its value/);
    },
  );
  it.each(['network={depth: 4', 'patientPattern=[A-Z]+)', 'loss=*dice', 'loss=%d'])(
    'rejects the value of %s in one line',
    (text) => {
      expect(() => assignedFields([text])).toThrow(/the value is not YAML.*Put quotes around text that begins with/);
      expect(() => assignedFields([text])).not.toThrow(/\n/);
    },
  );

  it('treats names of inherited properties as unknown fields', () => {
    for (const text of ['constructor.prototype.epochs=7', 'toString=1', 'hasOwnProperty.call=1']) {
      const fields = mergeFields({ data: 'a', out: 'b' }, assignedFields([text]));
      expect(() => resolveTrainConfig(fields), text).toThrow(`unknown field \`${text.split(/[.=]/)[0]}\``);
    }
    expect(({} as { epochs?: number }).epochs).toBeUndefined();
  });
});
