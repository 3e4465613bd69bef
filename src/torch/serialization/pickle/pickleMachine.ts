import { NoduleTrainError, quoted } from '../../../runtime/index.js';
import type { Spend } from '../allowance.js';
import type { PickleSource } from './pickleSource.js';

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
  /** Takes the bytes of what is built from the reader's allowance. */
  spend: Spend;
}

/** Bytes that V8 takes for what a pickle builds, rounded up. */
export const COST = {
  value: 16,
  text: 32,
  bytes: 250,
  list: 64,
  item: 16,
  map: 250,
  mapItem: 50,
  memo: 50,
} as const;

// A Map holds no more (V8).
const MOST_ENTRIES = 2 ** 24 - 1;
const MARK = Symbol('mark');

/** The stack and the memo of a pickle, and what opcodes do with them. */
export class PickleMachine {
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(
    readonly source: PickleSource,
    readonly options: PickleOptions,
    readonly refuse: (what: string) => never,
  ) {}

  push(value: unknown, cost = 0): void {
    this.options.spend(COST.value + cost);
    this.#stack.push(value);
  }
  pop(): unknown {
    if (this.#stack.length === 0) return this.refuse('the stack is empty');
    const value = this.#stack.pop();
    return value === MARK ? this.refuse('a mark where a value is wanted') : value;
  }
  top(): unknown {
    if (this.#stack.length === 0) return this.refuse('the stack is empty');
    const value = this.#stack[this.#stack.length - 1];
    return value === MARK ? this.refuse('a mark where a value is wanted') : value;
  }
  /** POP takes a mark as well. */
  drop(): void {
    if (this.#stack.length === 0) this.refuse('the stack is empty');
    this.#stack.pop();
  }
  mark(): void {
    this.push(MARK);
  }
  /** What lies above the last mark. */
  popMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) return this.refuse('no mark on the stack');
    const items = this.#stack.slice(mark + 1);
    this.options.spend(COST.list + COST.item * items.length);
    this.#stack.length = mark;
    return items;
  }

  remember(key: number = this.#memo.size): void {
    this.options.spend(COST.memo);
    if (!Number.isSafeInteger(key) || this.#memo.size >= MOST_ENTRIES) this.refuse(`the memo has no place ${key}`);
    this.#memo.set(key, this.top());
  }
  recall(key: number): void {
    if (!this.#memo.has(key)) this.refuse(`nothing was remembered under ${key}`);
    this.push(this.#memo.get(key));
  }

  pushMap(items: readonly unknown[]): void {
    this.push(new Map(), COST.map);
    this.setItems(items);
  }
  /** Keys and values in turn, into the dict on the stack. */
  setItems(items: readonly unknown[]): void {
    const target = this.top();
    if (!(target instanceof Map) || items.length % 2 !== 0) throw this.refuse('items are set on what is no dict');
    this.options.spend((COST.mapItem * items.length) / 2);
    if (target.size + items.length / 2 > MOST_ENTRIES) this.refuse('a dict has too many entries');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }
  /** Into the list or the set on the stack. */
  append(items: readonly unknown[]): void {
    const target = this.top();
    if (Array.isArray(target)) {
      this.options.spend(COST.item * items.length);
      for (const item of items) target.push(item);
    } else if (target instanceof Set) {
      this.options.spend(COST.mapItem * items.length);
      if (target.size + items.length > MOST_ENTRIES) this.refuse('a set has too many entries');
      for (const item of items) target.add(item);
    } else this.refuse('items are appended to what is no list');
  }

  /** A class or function by its name: one of those that are allowed, or an error. */
  find(module: unknown, name: unknown): void {
    // Not String(…): the text of lists that hold each other ten times over would fill the memory.
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.refuse('a global has a name that is no text');
    const full = `${module}.${name}`;
    const found = this.options.globals.get(full);
    if (found === undefined)
      throw new NoduleTrainError(
        'pickle-global',
        `${this.options.what}: the pickle names ${plain(full)}, which is not among the data that may be read; nothing of it was run. Save a state_dict of plain tensors instead`,
      );
    this.push(found);
  }
  /** REDUCE: stands for the call of a global. */
  reduce(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof PickleGlobal) || callee.build === null || !Array.isArray(args))
      throw this.refuse(`${callee instanceof PickleGlobal ? callee.name : 'a value'} is called, which cannot be`);
    this.push(callee.build(args), COST.map);
  }
}

/** Without quotes where it is a name of Python's as they are. */
const plain = (name: string): string => (/^[\w.]{1,200}$/.test(name) ? name : quoted(name));
