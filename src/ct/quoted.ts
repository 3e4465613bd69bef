const longest = 60;

/** A text from a file as an error may show it: in quotes, on one line, cut where it is long. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > longest ? `${text.slice(0, longest)}…` : text);
