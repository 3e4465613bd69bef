import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..', '..');
const script = path.join(root, 'scripts', 'training-options.mjs');
interface Script {
  options(): Map<string, unknown>;
  listedFields(text: string): string[];
  withTables(text: string): string;
}
const { options, listedFields, withTables }: Script = await import(script);
const text = readFileSync(path.join(root, 'docs', 'guide', 'training.md'), 'utf8');

describe('docs/guide/training.md', () => {
  it('has its tables of options as the schema has them (else: node scripts/training-options.mjs)', () => {
    expect(text).toBe(withTables(text));
  });

  it('lists every option of train once', () => {
    expect(listedFields(text).toSorted()).toEqual([...options().keys()].toSorted());
  });

  it('would be found stale where a default is another', () => {
    expect(withTables(text.replace('| `--batch` | `16` |', '| `--batch` | `17` |'))).toBe(text);
    expect(() => withTables('<!-- options: nothing -->\n<!-- end of options -->')).toThrow(/no option nothing/);
  });
});
