import Table from 'cli-table3';

/** One line of a command's result, aligned with the others: `Model      runs/a/checkpoints/best.safetensors`. */
export function labelled(label: string, text: string): string {
  return `${label.padEnd(10)} ${text}`;
}

/** `1 scan`, `2 scans`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A number with fixed digits, or a dash if there is none. */
export function figure(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined ? '–' : value.toFixed(digits);
}

/** A table without colours and without lines between its rows. */
export function createTable(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}

/** Breaks text at spaces into lines of at most `width` columns, all but the first indented. Longer words stay whole. */
export function wrapText(text: string, width: number, indent: number): string {
  const lines: string[] = [];
  let line: string | null = null;
  for (const word of text.split(' ')) {
    if (line === null) line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    }
  }
  return [...lines, line].join('\n');
}
