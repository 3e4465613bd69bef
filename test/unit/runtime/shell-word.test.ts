import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../../dist/runtime/index.js';

describe('a path in a suggested command', () => {
  it('stays as it is if no shell changes it, and is in double quotes if it has only spaces', () => {
    expect(['runs/a_1', 'höhe/肺', '/data/x=1,y+2'].map(shellWord)).toEqual(['runs/a_1', 'höhe/肺', '/data/x=1,y+2']);
    expect(shellWord('my store')).toBe('"my store"');
    expect(shellWord('')).toBe('""');
    expect(shellWord('-rf')).toBe('./-rf');
  });

  it.each([
    'a b',
    '$HOME',
    '`id`',
    "it's",
    '"quoted"',
    'both \' and "',
    'back\\slash',
    'back\\n',
    'new\nline',
    'tab\tx',
    "\u0085$'\\",
    'a;b',
    'a&b',
    '(a)',
    'a*?',
    '~',
    '~root',
    '#a',
    '!!',
    '{a,b}',
    '<a>',
    'a|b',
    'x!"',
    '[a]',
    'a\u00a0b',
    '\u001b[31m',
  ])('comes out of a shell as it went in: %j', (path) => {
    const out = execFileSync('bash', ['-c', `printf %s ${shellWord(path)}`], {
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    expect(out.toString()).toBe(path);
  });
});
