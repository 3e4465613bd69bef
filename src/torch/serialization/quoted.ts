/** A name out of a file for a message: on one line, and not as long as whoever made the file wanted. */
export const quoted = (name: string): string => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
