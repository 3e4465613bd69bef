// Parses an operator schema as the dispatcher prints it: `aten::sum.dim_IntList(Tensor self, int[1]? dim, bool
// keepdim=False, *, ScalarType? dtype=None) -> Tensor`.

/** Splits at commas outside brackets and quotes. */
const splitList = (text) => {
  const parts = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '\\') i++;
    else if (letter === '"') quoted = !quoted;
    else if (quoted) continue;
    else if ('([{'.includes(letter)) depth++;
    else if (')]}'.includes(letter)) depth--;
    else if (letter === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
};

/** `Tensor(a! -> *)[]` is a `Tensor[]` that the operator writes to. */
const parseType = (text) => ({
  type: text.replace(/\([a-z][^)]*\)/g, '').replace(/SymInt/g, 'int'),
  written: /\([a-z][^)]*!/.test(text),
});

const parseArgument = (text, keywordOnly) => {
  const [, type, name, value] = /^(.+?) (\w+)(?:=(.*))?$/.exec(text) ?? [];
  if (type === undefined) throw new Error(`parsing a schema: cannot parse the argument '${text}'`);
  return { ...parseType(type), name, hasDefault: value !== undefined, keywordOnly };
};

const parseResult = (text) => {
  const [, type, name] = /^(.+?)(?: (\w+))?$/.exec(text) ?? [];
  if (type === undefined) throw new Error(`parsing a schema: cannot parse the result '${text}'`);
  return { ...parseType(type), name };
};

/**
 * @param {string} text
 * @returns {{namespace: string, name: string, overload: string, text: string,
 *   parameters: {type: string, written: boolean, name: string, hasDefault: boolean, keywordOnly: boolean}[],
 *   results: {type: string, written: boolean, name?: string}[]}}
 */
export function parseSchema(text) {
  const [, namespace, name, overload = '', parameters, results] =
    /^(\w+)::(\w+)(?:\.(\w+))?\((.*)\) -> (.*)$/s.exec(text) ?? [];
  if (namespace === undefined) throw new Error(`parsing a schema: cannot parse '${text}'`);
  const parts = splitList(parameters);
  const star = parts.indexOf('*');
  return {
    namespace,
    name,
    overload,
    text,
    parameters: parts.flatMap((part, i) => (part === '*' ? [] : [parseArgument(part, star >= 0 && i > star)])),
    results: splitList(results.startsWith('(') ? results.slice(1, -1) : results).map(parseResult),
  };
}
