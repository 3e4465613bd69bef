// Writes src/torch/operators/operatorTypes.generated.ts from the loaded dispatcher, so that `ops.<name>(…)` is typed by
// its schemas. Part of set-up, between the addon and TypeScript.
import fs from 'node:fs';
import { loadNative } from '../../src/runtime/libtorch/load.js';
import { unsafeReason } from '../../src/torch/operators/unsafeOperators.js';
import {
  methodNames,
  operatorNames,
  resultDTypes,
  selfPlaces,
  spreadMethods,
} from '../../src/torch/tensor/methodNames.js';
import { parseSchema } from './parseSchema.mjs';

const target = new URL('../../src/torch/operators/operatorTypes.generated.ts', import.meta.url);

const plainTypes = {
  Scalar: 'Scalar',
  int: 'Int',
  float: 'number',
  bool: 'boolean',
  str: 'string',
  ScalarType: 'DType',
  Layout: 'Layout',
  MemoryFormat: 'MemoryFormat',
  Device: 'Device',
  'Tensor[]': 'readonly Tensor[]',
  'Tensor?[]': 'readonly (Tensor | null)[]',
  'Scalar[]': 'readonly Scalar[]',
  'int[]': 'readonly Int[]',
  'float[]': 'readonly number[]',
};

const resultTypes = {
  ...plainTypes,
  'Tensor[]': 'Tensor[]',
  'bool[]': 'boolean[]',
  SymBool: 'boolean',
  QScheme: 'number',
};

/** TypeScript type of an argument; undefined if it has no counterpart in JavaScript. */
const argumentType = ({ type, written, choices }, takesNumbers) => {
  if (choices !== undefined)
    return choices.map((choice) => `'${choice}'`).join(' | ') + (type.endsWith('?') ? ' | null' : '');
  const bare = type.replace(/\?$/, '');
  const optional = bare !== type;
  const found =
    bare === 'Tensor'
      ? takesNumbers && !written
        ? 'Operand'
        : 'Tensor'
      : /^int\[\d\]$/.test(bare)
        ? 'Ints'
        : /^bool\[\d\]$/.test(bare)
          ? 'readonly boolean[]'
          : plainTypes[bare];
  return found === undefined ? undefined : optional ? `${found} | null` : found;
};

const camelCase = (name) => name.replace(/(?<=[a-z0-9])_+([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const reserved = new Set(['in', 'function', 'default', 'with', 'new', 'this', 'var', 'for', 'case', 'enum']);
const parameterName = (name) => (reserved.has(camelCase(name)) ? `${camelCase(name)}_` : camelCase(name));

const resultType = ({ results, parameters }) => {
  // A mask selects the gradients that are computed; the others are null.
  const masked = parameters.some(({ type }) => /^bool\[\d\]$/.test(type));
  const one = ({ type, written }) =>
    type === 'Tensor' ? (masked && !written ? 'Tensor | null' : 'Tensor') : resultTypes[type];
  if (results.some((result) => one(result) === undefined)) return undefined;
  if (results.length === 0) return 'void';
  if (results.length === 1) return one(results[0]);
  const named = results.every(({ name }) => name !== undefined);
  return `[${results.map((result) => (named ? `${parameterName(result.name)}: ${one(result)}` : one(result))).join(', ')}]`;
};

/**
 * One signature with every optional argument by place, and for each optional argument one in which it and those after
 * it come by name: `sum(x, [0], true)`, `sum(x, [0], {keepdim: true})`.
 */
const signatures = (schema, takesNumbers, firstNumber = 1, wrapped = (type) => type) => {
  const result = resultType(schema);
  const all = schema.parameters.map((parameter, i) => ({
    ...parameter,
    typed: argumentType(parameter, takesNumbers && i >= firstNumber),
  }));
  const known = all.filter(({ typed, hasDefault }) => typed !== undefined || !hasDefault);
  if (result === undefined || known.some(({ typed }) => typed === undefined)) return [];
  const inPlace = all.filter(({ keywordOnly }) => !keywordOnly);
  // Arguments after one without a counterpart cannot be given by place.
  const stop = inPlace.findIndex(({ typed }) => typed === undefined);
  const placed = stop < 0 ? inPlace : inPlace.slice(0, stop);
  const byName = known.filter((parameter) => !placed.includes(parameter));
  const trailing = placed.length - placed.findLastIndex(({ hasDefault }) => !hasDefault) - 1;
  const first = placed.length - trailing;
  const placeText = ({ name, typed, hasDefault }, i) =>
    i < first && hasDefault ? `${parameterName(name)}: ${typed} | undefined` : `${parameterName(name)}: ${typed}`;
  const optionsText = (list) =>
    `{ ${list.map(({ name, typed, hasDefault }) => `${camelCase(name)}${hasDefault ? '?' : ''}: ${typed}${hasDefault ? ' | undefined' : ''}`).join('; ')} }`;
  const texts = [];
  for (let count = placed.length; count >= first; count--) {
    const named = [...placed.slice(count), ...byName];
    if (count < placed.length && named.length === 0) continue;
    const needed = named.some(({ hasDefault }) => !hasDefault);
    const places = placed.slice(0, count).map((parameter, i) => {
      const text = placeText(parameter, i);
      return i >= first && count === placed.length && !needed ? text.replace(': ', '?: ') : text;
    });
    if (named.length > 0) places.push(`options${count === placed.length && !needed ? '?' : ''}: ${optionsText(named)}`);
    texts.push(`${schema.name}(${places.join(', ')}): ${wrapped(result)};`);
  }
  return texts;
};

const dispatcher = loadNative();
/** Schemas, with the names of the integers that are a choice. */
const parsed = ({ schemas, numbersAsTensors, choices }) => ({
  numbersAsTensors,
  schemas: schemas.map((text) => {
    const schema = parseSchema(text);
    return { ...schema, parameters: schema.parameters.map((one) => ({ ...one, choices: choices[one.name] })) };
  }),
});

const schemasBelow = (namespace) => {
  const names = new Set(
    dispatcher
      .operatorNames()
      .filter((name) => name.startsWith(`${namespace}::`) && !name.startsWith(`${namespace}::_`))
      .map((name) => name.split('.')[0]),
  );
  return [...names].sort().map((name) => {
    return parsed(dispatcher.resolveOperator(name, []));
  });
};

const fullName = ({ namespace, name, overload }) => `${namespace}::${name}${overload === '' ? '' : `.${overload}`}`;

/** Named dimensions: no tensor here can have names, so these signatures always throw. */
const isForNames = ({ overload }) => /dimname|names|named/i.test(overload);

const entry = (schema, takesNumbers, result) => {
  const [main, ...others] = signatures(schema, takesNumbers, 1, result);
  if (main === undefined) return [];
  const schemaText = schema.text.slice(schema.namespace.length + 2).replaceAll('*/', '*\\/');
  return [`  /** ${schemaText} */`, `  ${main}`, ...others.map((text) => `  ${text}`)];
};

const interfaceOf = (title, namespace, isIncluded = () => true, result = undefined) => {
  const lines = schemasBelow(namespace).flatMap(({ schemas, numbersAsTensors }) =>
    schemas
      .filter((schema) => !isForNames(schema) && unsafeReason(fullName(schema)) === null)
      .filter(isIncluded)
      .flatMap((schema) => entry(schema, numbersAsTensors, result)),
  );
  return `export interface ${title} {\n${lines.join('\n')}\n}\n`;
};

/** The type of a result of a method, with its dtype where it follows from the name. */
const typeOfResult = (name, type) => {
  if (name.endsWith('_')) return type === 'Tensor' ? 'this' : type;
  if (resultDTypes.bool.includes(name)) return type.replaceAll('Tensor', "Tensor<'bool'>");
  if (resultDTypes.int64.includes(name)) return type.replaceAll('Tensor', "Tensor<'int64'>");
  if (resultDTypes.same.includes(name)) return type.replaceAll('Tensor', 'Tensor<D>');
  if (resultDTypes.withPositions.includes(name) && type.startsWith('['))
    return type.replace('Tensor', 'Tensor<D>').replace(/Tensor(?!<)/, "Tensor<'int64'>");
  return type;
};

/** Two signatures that differ in one argument, a Tensor or a Scalar, as one that also takes a union of both. */
const mergeOperands = (lines) => {
  const merged = [...lines];
  for (let i = 0; i < merged.length; i++)
    for (let k = i + 1; k < merged.length; k++) {
      const [one, other] = [merged[i], merged[k]].map((line) => line.split(/\b(Tensor|Scalar)\b/));
      if (one.length !== other.length || merged[i].includes('/**')) continue;
      const places = one.flatMap((part, place) => (part === other[place] ? [] : [place]));
      if (places.length !== 1 || places[0] % 2 === 0) continue;
      one[places[0]] = 'Operand';
      merged[i] = one.join('');
      merged.splice(k, 1);
      if (merged[k - 1].includes('/**') && (k === merged.length || merged[k].includes('/**'))) merged.splice(k - 1, 1);
    }
  return merged;
};

/** Signatures of a method: those of its operator without the tensor itself, and without results given as arguments. */
const methodEntry = (name) => {
  const { schemas, numbersAsTensors } = parsed(dispatcher.resolveOperator(`aten::${operatorNames[name] ?? name}`, []));
  const place = selfPlaces[name] ?? 0;
  const seen = new Set();
  const lines = schemas
    .filter((schema) => !isForNames(schema) && unsafeReason(fullName(schema)) === null)
    .filter(({ parameters }) => parameters[place]?.name === 'self' && parameters[place].type === 'Tensor')
    .filter(({ parameters }) => !parameters.some(({ written, keywordOnly }) => written && keywordOnly))
    .flatMap((schema) => {
      const rest = schema.parameters.filter((_, i) => i !== place);
      // Numbers stand for tensors in all places but the first, which is here the tensor itself.
      const own = { ...schema, name: camelCase(name), parameters: rest };
      const [main, ...others] = signatures(own, numbersAsTensors, 0).filter(
        (text) => !seen.has(text) && seen.add(text),
      );
      if (main === undefined) return [];
      const typed = (text) =>
        text.replace(/: (Tensor(?:\[\])?|\[[^[\]]*\]);$/, (_, type) => `: ${typeOfResult(name, type)};`);
      const spread = spreadMethods.includes(name)
        ? [`${camelCase(name)}(...${/\((\w+): /.exec(main)[1]}: Int[]): Tensor;`]
        : [];
      return [
        `  /** ${schema.text.slice(schema.namespace.length + 2).replaceAll('*/', '*\\/')} */`,
        ...[main, ...others, ...spread].map((text) => `  ${typed(text)}`),
      ];
    });
  if (lines.length === 0) throw new Error(`types of operators: aten::${name} has no signature for a method`);
  return mergeOperands(lines);
};

const text = `// Written by scripts/setup/operator-types.mjs from the loaded dispatcher, at every build.
import type { Device, DType } from '../tensor/dtype.js';
import type { Int, Ints, Layout, MemoryFormat, Operand, Scalar } from './operatorArguments.js';
import type { Tensor } from '../tensor/tensor.js';

/** Public operators of the \`aten\` namespace, each with its schemas. */
${interfaceOf('AtenOperators', 'aten')}
/** Those that write to no argument, off the JavaScript thread. */
${interfaceOf(
  'AsyncAtenOperators',
  'aten',
  ({ parameters }) => !parameters.some(({ written }) => written),
  (type) => `Promise<${type}>`,
)}
/** The project's own operators. */
${interfaceOf('NoduleOperators', 'nodule')}
/** Operators as methods of Tensor. */
export interface TensorMethods<D extends DType> {
${methodNames.flatMap(methodEntry).join('\n')}
}
`;

if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== text) fs.writeFileSync(target, text);
