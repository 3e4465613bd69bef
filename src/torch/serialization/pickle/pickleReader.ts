import { NoduleTrainError } from '../../../runtime/index.js';
import { COST, PickleMachine, type PickleOptions } from './pickleMachine.js';
import { floatFromText, textFromLine, wholeFromBytes, wholeFromText } from './pickleNumbers.js';
import { CUT_OFF, pickleSource, textOf } from './pickleSource.js';

type Opcode = (machine: PickleMachine) => void;

const text =
  (length: (machine: PickleMachine) => number): Opcode =>
  (m) => {
    const utf8 = m.source.raw(length(m));
    m.options.spend(COST.text + 2 * utf8.length);
    m.push(textOf(utf8));
  };
const bytes =
  (length: (machine: PickleMachine) => number): Opcode =>
  (m) => {
    const raw = m.source.raw(length(m));
    m.push(new Uint8Array(raw), COST.bytes + raw.length);
  };
const tuple =
  (size: number): Opcode =>
  (m) => {
    const items = new Array<unknown>(size);
    for (let i = size - 1; i >= 0; i--) items[i] = m.pop();
    m.push(items, COST.list + COST.item * size);
  };

/** Every opcode that data needs, by its byte (Python's Lib/pickletools.py lists them all). */
const opcodes: Record<string, Opcode> = {
  // PROTO, FRAME
  '\x80': (m) => m.source.uint8() > 5 && m.refuse('the pickle has an unknown protocol'),
  '\x95': (m) => m.source.skip(8),
  // The stack: MARK, POP, POP_MARK, DUP
  '(': (m) => m.mark(),
  '0': (m) => m.drop(),
  '1': (m) => m.popMark(),
  '2': (m) => m.push(m.top()),
  // NONE, NEWTRUE, NEWFALSE, INT, LONG, FLOAT, BININT1, BININT2, BININT, LONG1, BINFLOAT
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  I: (m) => {
    const line = m.source.line();
    m.push(line === '00' ? false : line === '01' ? true : wholeFromText(line, m.refuse));
  },
  L: (m) => m.push(wholeFromText(m.source.line(), m.refuse)),
  F: (m) => m.push(floatFromText(m.source.line(), m.refuse)),
  K: (m) => m.push(m.source.uint8()),
  M: (m) => m.push(m.source.uint16()),
  J: (m) => m.push(m.source.int32()),
  '\x8a': (m) => m.push(wholeFromBytes(m.source.raw(m.source.uint8())), 2 * COST.value),
  // FROZENSET
  '\x91': (m) => {
    const items = m.popMark();
    m.push(new Set(), COST.map);
    m.append(items);
  },
  G: (m) => m.push(m.source.float64()),
  // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, UNICODE, BINSTRING, SHORT_BINSTRING
  X: text((m) => m.source.uint32()),
  '\x8c': text((m) => m.source.uint8()),
  '\x8d': text((m) => m.source.uint64()),
  V: (m) => {
    const line = m.source.line();
    m.push(textFromLine(line, m.refuse), COST.text + 2 * line.length);
  },
  T: text((m) => m.source.uint32()),
  U: text((m) => m.source.uint8()),
  // BINBYTES, SHORT_BINBYTES, BINBYTES8
  B: bytes((m) => m.source.uint32()),
  C: bytes((m) => m.source.uint8()),
  '\x8e': bytes((m) => m.source.uint64()),
  // BYTEARRAY8
  '\x96': bytes((m) => m.source.uint64()),
  // EMPTY_LIST, EMPTY_TUPLE, EMPTY_DICT, EMPTY_SET, LIST, TUPLE, DICT, TUPLE1, TUPLE2, TUPLE3
  ']': (m) => m.push([], COST.list),
  ')': (m) => m.push([], COST.list),
  '}': (m) => m.push(new Map(), COST.map),
  '\x8f': (m) => m.push(new Set(), COST.map),
  l: (m) => m.push(m.popMark()),
  t: (m) => m.push(m.popMark()),
  d: (m) => m.pushMap(m.popMark()),
  '\x85': tuple(1),
  '\x86': tuple(2),
  '\x87': tuple(3),
  // APPEND, APPENDS, ADDITEMS, SETITEM, SETITEMS
  a: (m) => m.append([m.pop()]),
  e: (m) => m.append(m.popMark()),
  '\x90': (m) => m.append(m.popMark()),
  s: (m) => {
    const value = m.pop();
    m.setItems([m.pop(), value]);
  },
  u: (m) => m.setItems(m.popMark()),
  // BINPUT, LONG_BINPUT, PUT, MEMOIZE, BINGET, LONG_BINGET, GET
  q: (m) => m.remember(m.source.uint8()),
  r: (m) => m.remember(m.source.uint32()),
  p: (m) => m.remember(Number(m.source.line())),
  '\x94': (m) => m.remember(),
  h: (m) => m.recall(m.source.uint8()),
  j: (m) => m.recall(m.source.uint32()),
  g: (m) => m.recall(Number(m.source.line())),
  // GLOBAL, STACK_GLOBAL, REDUCE, NEWOBJ, BINPERSID
  c: (m) => {
    const module = m.source.line();
    m.find(module, m.source.line());
  },
  '\x93': (m) => {
    const name = m.pop();
    m.find(m.pop(), name);
  },
  R: (m) => m.reduce(),
  '\x81': (m) => m.reduce(),
  Q: (m) => m.push(m.options.persistentLoad(m.pop()), COST.map),
  // BUILD
  b: (m) => m.build(),
};

const STOP = '.'.charCodeAt(0);
const table: (Opcode | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const letter = String.fromCharCode(code);
  return Object.hasOwn(opcodes, letter) ? opcodes[letter] : undefined;
});

/**
 * Reads one pickle (protocols 0–5, the opcodes that data needs) from `offset`. Nothing is executed: a global must be in
 * the list of allowed names. Tuples and lists become arrays, dicts Maps.
 * @returns the value and the offset behind it
 * @throws NoduleTrainError `pickle`, `pickle-cut-off`, `pickle-global`
 */
export function readPickle(bytes: Uint8Array, offset: number, options: PickleOptions): { value: unknown; end: number } {
  const refuse = (what: string): never => {
    throw new NoduleTrainError(
      what === CUT_OFF ? 'pickle-cut-off' : 'pickle',
      `reading ${options.what}: ${what} (at byte ${source.place()} of the pickle's file)`,
    );
  };
  const source = pickleSource(bytes, offset, refuse);
  const machine = new PickleMachine(source, options, refuse);
  for (;;) {
    const code = source.uint8();
    if (code === STOP) return { value: machine.pop(), end: source.place() };
    const opcode = table[code];
    if (opcode === undefined) return refuse(`found opcode 0x${code.toString(16)}, expected one that data needs`);
    opcode(machine);
  }
}
