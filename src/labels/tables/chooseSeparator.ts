export type Separator = ',' | ';' | '\t';

const SEPARATORS: readonly Separator[] = [',', ';', '\t'];

/**
 * Chooses the separator of a table: the one that a first line `sep=;` names, as Excel understands it, else the one
 * that its header has most of outside quotes; a comma if there is none.
 * @returns the text from the header on, and the number of lines before it
 */
export function chooseSeparator(
  text: string,
  hasComments: boolean,
): { delimiter: Separator; skipped: number; body: string } {
  const [, named] = /^sep=(.)\r?\n/i.exec(text) ?? [];
  const given = SEPARATORS.find((one) => one === named);
  if (given !== undefined) return { delimiter: given, skipped: 1, body: text.slice(text.indexOf('\n') + 1) };
  const header =
    firstLines(text).find((line) => line.trim() !== '' && !(hasComments && line.trimStart().startsWith('#'))) ?? '';
  const outside = header.replace(/"[^"]*"/g, '');
  const counts = SEPARATORS.map((one) => outside.split(one).length - 1);
  return { delimiter: SEPARATORS[counts.indexOf(Math.max(...counts))]!, skipped: 0, body: text };
}

/** Characters in which the header is looked for. */
const HEADER_WITHIN = 65_536;

const firstLines = (text: string): string[] => text.slice(0, HEADER_WITHIN).split(/\r\n|\n|\r/);
