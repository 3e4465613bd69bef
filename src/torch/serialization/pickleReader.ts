import { NoduleTrainError } from '../../runtime/error.js';

/** What a restricted pickle may hold. Tuples and lists are arrays, dicts are Maps. */
export type PickleValue = unknown;

/** A name that a pickle refers to, which the caller knows and stands for; it is never looked up and never run. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    /** Called with the arguments that the pickle gives (REDUCE). Null: it can be named, not called. */
    readonly build: ((args: readonly unknown[]) => unknown) | null,
  ) {}
}

export interface PickleOptions {
  /** Where the pickle lies, for messages. */
  what: string;
  /** The globals that are allowed, by `module.name`; every other is refused by its name. */
  globals: ReadonlyMap<string, PickleGlobal>;
  persistentLoad(id: unknown): unknown;
}

const MARK = Symbol('mark');
// Deeper nesting or more values than any state dict has.
const MOST_VALUES = 50_000_000;

/**
 * Reads one pickle (protocols 0–5, the opcodes that data needs) from `offset`. Nothing is executed: a global is a name in the
 * list of allowed ones or an error.
 *
 * @returns the value and the offset behind it
 * @throws NoduleTrainError `pickle`, `pickle-global`
 */
export function readPickle(bytes: Uint8Array, offset: number, options: PickleOptions): { value: unknown; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let place = offset;
  let made = 0;

  const refuse = (what: string): never => {
    throw new NoduleTrainError('pickle', `${options.what}: ${what} (at byte ${place} of the pickle's file)`);
  };
  const take = (length: number): number => {
    if (!(length >= 0) || place + length > bytes.length) refuse('the pickle is cut off');
    const start = place;
    place += length;
    return start;
  };
  const uint8 = (): number => bytes[take(1)]!;
  const uint32 = (): number => view.getUint32(take(4), true);
  const uint64 = (): number => {
    const value = view.getBigUint64(take(8), true);
    return value > BigInt(bytes.length) ? refuse('a length is larger than the file') : Number(value);
  };
  const raw = (length: number): Uint8Array => {
    const start = take(length);
    return bytes.subarray(start, start + length);
  };
  const text = (length: number): string => new TextDecoder().decode(raw(length));
  const line = (): string => {
    const end = bytes.indexOf(10, place);
    if (end < 0) refuse('the pickle is cut off');
    const value = text(end - place);
    place++;
    return value;
  };
  const push = (value: unknown): void => {
    if (++made > MOST_VALUES) refuse('the pickle makes too many values');
    stack.push(value);
  };
  const pop = (): unknown => {
    if (stack.length === 0) return refuse('the stack is empty');
    const value = stack.pop();
    return value === MARK ? refuse('a mark where a value is wanted') : value;
  };
  const top = (): unknown => (stack.length === 0 ? refuse('the stack is empty') : stack[stack.length - 1]);
  const popMark = (): unknown[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) return refuse('no mark on the stack');
    const items = stack.splice(mark);
    items.shift();
    return items;
  };
  const wholeNumber = (little: Uint8Array): number | bigint => {
    let value = 0n;
    for (let i = little.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(little[i]!);
    if (little.length > 0 && little[little.length - 1]! >= 128) value -= 1n << BigInt(8 * little.length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };
  const remember = (key: number): void => {
    memo.set(key, top());
  };
  const recall = (key: number): void =>
    memo.has(key) ? push(memo.get(key)) : refuse(`nothing was remembered under ${key}`);
  const find = (module: string, name: string): PickleGlobal => {
    const full = `${module}.${name}`;
    const found = options.globals.get(full);
    if (found === undefined)
      throw new NoduleTrainError(
        'pickle-global',
        `${options.what}: the pickle names ${full}, which is not among the data that may be read; nothing of it was run. Save a state_dict of plain tensors instead`,
      );
    return found;
  };
  const setItems = (items: readonly unknown[]): void => {
    const target = top();
    if (!(target instanceof Map) || items.length % 2 !== 0) refuse('items are set on what is no dict');
    else for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  };
  const append = (items: readonly unknown[]): void => {
    const target = top();
    if (Array.isArray(target)) for (const item of items) target.push(item);
    else if (target instanceof Set) for (const item of items) target.add(item);
    else refuse('items are appended to what is no list');
  };

  for (;;) {
    const code = uint8();
    switch (String.fromCharCode(code)) {
      case '\x80': // PROTO
        if (uint8() > 5) refuse('the pickle has a protocol that is not known');
        break;
      case '\x95': // FRAME
        take(8);
        break;
      case '.':
        return { value: pop(), end: place };
      case '(':
        push(MARK);
        break;
      case '0': // POP
        stack.pop();
        break;
      case '1':
        popMark();
        break;
      case '2': // DUP
        push(top());
        break;
      case 'N':
        push(null);
        break;
      case '\x88':
        push(true);
        break;
      case '\x89':
        push(false);
        break;
      case 'I': {
        const value = line();
        push(value === '00' ? false : value === '01' ? true : Number(value));
        break;
      }
      case 'L':
        push(Number(line().replace(/L$/, '')));
        break;
      case 'F':
        push(Number(line()));
        break;
      case 'K':
        push(uint8());
        break;
      case 'M':
        push(view.getUint16(take(2), true));
        break;
      case 'J':
        push(view.getInt32(take(4), true));
        break;
      case '\x8a':
        push(wholeNumber(raw(uint8())));
        break;
      case 'G':
        push(view.getFloat64(take(8), false));
        break;
      case 'X':
        push(text(uint32()));
        break;
      case '\x8c':
        push(text(uint8()));
        break;
      case '\x8d':
        push(text(uint64()));
        break;
      case 'V':
        push(line());
        break;
      case 'T':
        push(text(uint32()));
        break;
      case 'U':
        push(text(uint8()));
        break;
      case 'B':
        push(raw(uint32()).slice());
        break;
      case 'C':
        push(raw(uint8()).slice());
        break;
      case '\x8e':
        push(raw(uint64()).slice());
        break;
      case ']':
        push([]);
        break;
      case ')':
        push([]);
        break;
      case '}':
        push(new Map());
        break;
      case '\x8f':
        push(new Set());
        break;
      case 'l':
      case 't':
        push(popMark());
        break;
      case 'd': {
        const items = popMark();
        push(new Map());
        setItems(items);
        break;
      }
      case '\x85':
        push([pop()]);
        break;
      case '\x86': {
        const b = pop();
        push([pop(), b]);
        break;
      }
      case '\x87': {
        const c = pop();
        const b = pop();
        push([pop(), b, c]);
        break;
      }
      case 'a':
        append([pop()]);
        break;
      case 'e':
      case '\x90': {
        append(popMark());
        break;
      }
      case 's': {
        const value = pop();
        setItems([pop(), value]);
        break;
      }
      case 'u':
        setItems(popMark());
        break;
      case 'q':
        remember(uint8());
        break;
      case 'r':
        remember(uint32());
        break;
      case 'p':
        remember(Number(line()));
        break;
      case '\x94':
        remember(memo.size);
        break;
      case 'h':
        recall(uint8());
        break;
      case 'j':
        recall(uint32());
        break;
      case 'g':
        recall(Number(line()));
        break;
      case 'c': {
        const module = line();
        push(find(module, line()));
        break;
      }
      case '\x93': {
        const name = pop();
        push(find(String(pop()), String(name)));
        break;
      }
      case 'R': {
        const args = pop();
        const callee = pop();
        if (!(callee instanceof PickleGlobal) || callee.build === null || !Array.isArray(args))
          return refuse(`${callee instanceof PickleGlobal ? callee.name : 'a value'} is called, which cannot be`);
        push(callee.build(args));
        break;
      }
      case 'b':
        // The attributes of an OrderedDict (_metadata of a state_dict) or of a Parameter: nothing that is read here.
        pop();
        top();
        break;
      case 'Q':
        push(options.persistentLoad(pop()));
        break;
      default:
        refuse(`opcode 0x${code.toString(16)} is not among those that data needs`);
    }
  }
}
