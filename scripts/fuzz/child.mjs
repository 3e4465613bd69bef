// Calls the signatures of FOLDER/names.json from number START on. Writes the number of each, and of the call, into
// FOLDER/progress before calling it, so that the parent knows which one ended this process.
//   node scripts/fuzz/child.mjs FOLDER START SEED TRIALS [--unguarded]
//     --unguarded   without inaccessible pages, for Valgrind
//   node scripts/fuzz/child.mjs --call NAME SEED NUMBER     prints the arguments of one call, and makes it
import fs from 'node:fs';
import path from 'node:path';
import { op, scope, setNumThreads, Tensor } from '../../dist/torch/index.js';
import { native } from '../../dist/torch/native.js';
import { parseSchema } from '../setup/parseSchema.mjs';
import { examplesFor, spoil } from './examples.mjs';
import { malformed } from './malformed.mjs';
import { seededRandom } from './seededRandom.mjs';

const WILD = [-1n, 1n, 100n, -100n, 65536n, 2n ** 31n, 2n ** 40n, -(2n ** 40n), -(2n ** 63n)];

/** Calls `fn` and ignores errors: they are expected. Only a crash of the process is not. */
const attempt = (fn) => {
  try {
    return fn();
  } catch (error) {
    if (process.env.FUZZ_ERRORS) console.error(error.message);
    return undefined;
  }
};

const isOptions = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Tensor);

/** Arguments from an example, with one or two of them spoiled, and random outputs. */
const spoiledExample = (example, schema, draw) => {
  const values = example();
  const named = isOptions(values.at(-1)) ? values.pop() : {};
  const isForGradient = draw() < 0.5;
  for (const value of values.flat()) {
    if (isForGradient && value instanceof Tensor && value.dtype.startsWith('float'))
      attempt(() => {
        value.requiresGrad = true;
      });
  }
  const count = draw() < 0.1 ? 0 : draw() < 0.7 ? 1 : 2;
  for (let i = 0; i < count; i++) {
    const at = Math.floor(draw() * values.length);
    values[at] = spoil(draw, values[at]);
  }
  const positional = schema.parameters.filter(({ keywordOnly }) => !keywordOnly);
  for (const { name } of positional.slice(values.length)) delete named[name];
  const random = malformed(schema, draw);
  schema.parameters.forEach(({ name, keywordOnly }, i) => {
    if (keywordOnly && random[i] !== undefined && !(name in named)) named[name] = random[i];
  });
  return { positional: values.slice(0, positional.length), named };
};

const randomArguments = (schema, draw) => {
  const values = malformed(schema, draw);
  const positional = [];
  const named = {};
  schema.parameters.forEach(({ name, keywordOnly }, i) => {
    if (values[i] === undefined) return;
    if (keywordOnly || positional.length < i) named[name] = values[i];
    else positional.push(values[i]);
  });
  return { positional, named };
};

/** Writes a bad value into integers or booleans, as a caller can through data() between a call and its gradient. */
const tamper = (tensor, draw) => {
  if (!(tensor instanceof Tensor) || !/^(int|bool)/.test(tensor.dtype) || tensor.numel === 0) return;
  const view = tensor.data();
  const value = WILD[Math.floor(draw() * WILD.length)];
  view[Math.floor(draw() * view.length)] = tensor.dtype === 'int64' ? value : Number(value);
};

let random;
/** The examples of all operators, which draw from the generator of the current call. */
const examples = examplesFor(() => random());

const prepare = (name, schema, seed, number) => {
  const hash = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, seed * 1_000_003 + number);
  const draw = seededRandom(hash).random;
  random = draw;
  const bare = name.slice(name.indexOf('::') + 2);
  const example = examples[bare] ?? examples[bare.split('.', 1)[0]];
  const isExample = example !== undefined && number % 3 !== 0;
  const made = attempt(() => (isExample ? spoiledExample(example, schema, draw) : randomArguments(schema, draw)));
  return made && { ...made, draw };
};

const call = (operator, { positional, named, draw }) => {
  const result = attempt(() => operator(...positional, named));
  const results = [result].flat().filter((one) => one instanceof Tensor);
  // Read the values and compute the gradients, as a caller would.
  for (const one of results) attempt(() => one.numel < 1e6 && one.toArray());
  if (draw() < 0.3) for (const one of [...results, ...positional.flat()]) attempt(() => tamper(one, draw));
  for (const one of results) attempt(() => one.requiresGrad && one.numel < 1e6 && one.sum().backward());
};

/** The operator and its first schema; undefined where the bridge cannot call it (`...`: any number of arguments). */
const find = (name) =>
  attempt(() => {
    const operator = op(name, { unsafe: true });
    return { operator, schema: parseSchema(operator.schemas[0]) };
  });

const describe = (value) => {
  if (Array.isArray(value)) return `[${value.map(describe).join(', ')}]`;
  if (isOptions(value))
    return JSON.stringify(Object.fromEntries(Object.entries(value).map(([name, one]) => [name, describe(one)])));
  if (!(value instanceof Tensor)) return typeof value === 'string' ? `'${value}'` : String(value);
  const values = attempt(() => (value.numel < 100 ? JSON.stringify(value.to('float64').toArray()) : '…')) ?? '?';
  return `${value.dtype} [${value.shape}] ${value.requiresGrad ? 'grad ' : ''}${values}`;
};

setNumThreads(1);
const [first, ...rest] = process.argv.slice(2);
if (first === '--call') {
  const [name, seed, number] = rest;
  const found = find(name);
  native().guardAllocations(Number(number) % 2 === 1);
  const prepared = prepare(name, found.schema, Number(seed), Number(number));
  for (const value of [...prepared.positional, prepared.named]) console.log(describe(value));
  process.env.FUZZ_ERRORS = '1';
  call(found.operator, prepared);
} else {
  const [start, seed, trials] = rest.slice(0, 3).map(Number);
  const isGuarded = !rest.includes('--unguarded');
  const names = JSON.parse(fs.readFileSync(path.join(first, 'names.json'), 'utf8'));
  const progress = fs.openSync(path.join(first, 'progress'), 'r+');
  const note = Buffer.alloc(24);
  for (let i = start; i < names.length; i++) {
    const found = find(names[i]);
    if (found === undefined) continue;
    for (let number = 0; number < trials; number++) {
      note.fill(' ');
      note.write(`${i} ${number}`);
      fs.writeSync(progress, note, 0, note.length, 0);
      // An access beyond the memory of a tensor, or after it was freed, ends the process at once.
      if (isGuarded) native().guardAllocations(number % 2 === 1);
      scope(() => {
        const prepared = prepare(names[i], found.schema, seed, number);
        if (prepared !== undefined) call(found.operator, prepared);
      });
    }
  }
}
// Exit without running destructors: one of a corrupted tensor could crash and hide the result of the calls.
process.exit(0);
