import { describe, expect, it } from 'vitest';
import { createTable, figure, labelled, plural, wrapText } from '../../../dist/cli/text.js';

it('labelled aligns the texts of short labels', () => {
  expect([labelled('Model', 'a'), labelled('', 'b')]).toEqual(['Model      a', '           b']);
});

it('plural adds an s unless the number is 1', () => {
  expect([0, 1, 2].map((count) => plural(count, 'scan'))).toEqual(['0 scans', '1 scan', '2 scans']);
});

it('figure shows a dash without a value', () => {
  expect([figure(0.12345), figure(2, 1), figure(null), figure(undefined)]).toEqual(['0.123', '2.0', '–', '–']);
});

it('createTable has no lines between its rows', () => {
  const table = createTable(['a', 'b']);
  table.push(['1', '2'], ['3', '4']);
  expect(table.toString().split('\n')).toEqual([
    '┌───┬───┐',
    '│ a │ b │',
    '├───┼───┤',
    '│ 1 │ 2 │',
    '│ 3 │ 4 │',
    '└───┴───┘',
  ]);
});

describe('wrapText', () => {
  it('breaks at spaces and indents all lines but the first', () => {
    expect(wrapText('ok  one two three', 10, 4)).toBe('ok  one\n    two\n    three');
    expect(wrapText('ok  one two three', 20, 4)).toBe('ok  one two three');
  });

  it('keeps the spaces at the start and within a line', () => {
    expect(wrapText('    a:  b c', 9, 4)).toBe('    a:  b\n    c');
  });

  it('keeps a word that is longer than the line', () => {
    expect(wrapText('a /long/path b', 6, 2)).toBe('a\n  /long/path\n  b');
  });
});
