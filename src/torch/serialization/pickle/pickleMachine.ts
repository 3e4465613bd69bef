import { NoduleTrainError, quoted } from '../../../runtime/index.js';
import type { Spend } from '../allowance.js';
import { describeGlobal } from './describeGlobal.js';
import type { PickleSource } from './pickleSource.js';

/** A class or function that a pickle names, with our replacement. It is never looked up and never run. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    /** Builds the value from the pickle's arguments (REDUCE). Null: may be named, not called. */
    readonly build: ((args: readonly unknown[]) => unknown) | null,
  ) {}
}

/** A value whose content follows with BUILD, as those of NumPy. */
export abstract class Unfinished {
  /** Takes the state, which the file chooses. @throws NoduleTrainError `pickle` if it does not fit */
  abstract finish(state: unknown, spend: Spend): void;
}

export interface PickleOptions {
  /** Path of the file, for messages. */
  what: string;
  /** Allowed globals, by `module.name`; any other is refused. */
  globals: ReadonlyMap<string, PickleGlobal>;
  persistentLoad(id: unknown): unknown;
  /** Takes the memory of what is built from the reader's allowance. */
  spend: Spend;
}

/** Bytes that V8 needs for what a pickle builds, rounded up. */
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

// V8's limit of a Map.
const MOST_ENTRIES = 2 ** 24 - 1;
const MARK = Symbol('mark');

/** The stack and memo of a pickle, and the operations of the opcodes. */
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
    return value === MARK ? this.refuse('found a mark, expected a value') : value;
  }
  top(): unknown {
    if (this.#stack.length === 0) return this.refuse('the stack is empty');
    const value = this.#stack[this.#stack.length - 1];
    return value === MARK ? this.refuse('found a mark, expected a value') : value;
  }
  /** POP, which may remove a mark too. */
  drop(): void {
    if (this.#stack.length === 0) this.refuse('the stack is empty');
    this.#stack.pop();
  }
  mark(): void {
    this.push(MARK);
  }
  /** Pops the items above the last mark. */
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
    if (!Number.isSafeInteger(key) || this.#memo.size >= MOST_ENTRIES) this.refuse(`the memo cannot hold entry ${key}`);
    this.#memo.set(key, this.top());
  }
  recall(key: number): void {
    if (!this.#memo.has(key)) this.refuse(`the memo has no entry ${key}`);
    this.push(this.#memo.get(key));
  }

  pushMap(items: readonly unknown[]): void {
    this.push(new Map(), COST.map);
    this.setItems(items);
  }
  /** Adds alternating keys and values to the dict on top of the stack. */
  setItems(items: readonly unknown[]): void {
    const target = this.top();
    if (!(target instanceof Map) || items.length % 2 !== 0)
      throw this.refuse('items are set on a value that is not a dict');
    this.options.spend((COST.mapItem * items.length) / 2);
    if (target.size + items.length / 2 > MOST_ENTRIES) this.refuse('a dict has too many entries');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }
  /** Appends to the list or the set on top of the stack. */
  append(items: readonly unknown[]): void {
    const target = this.top();
    if (Array.isArray(target)) {
      this.options.spend(COST.item * items.length);
      for (const item of items) target.push(item);
    } else if (target instanceof Set) {
      this.options.spend(COST.mapItem * items.length);
      if (target.size + items.length > MOST_ENTRIES) this.refuse('a set has too many entries');
      for (const item of items) target.add(item);
    } else this.refuse('items are appended to a value that is not a list');
  }

  /** Pushes the allowed class or function of this name. */
  find(module: unknown, name: unknown): void {
    // Not String(…): nested lists, each holding the next ten times, would have a text that exhausts memory.
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.refuse('a global has a name that is not a string');
    const full = `${module}.${name}`;
    const found = this.options.globals.get(full);
    if (found === undefined)
      throw new NoduleTrainError(
        'pickle-global',
        `reading ${this.options.what}: the pickle names ${plain(full)}, which is not plain data but ` +
          `${describeGlobal(full)}. ` +
          'Nothing was executed. Save the weights alone, in Python: torch.save(model.state_dict(), path).',
      );
    this.push(found);
  }
  /** REDUCE and NEWOBJ: builds the replacement of a call. */
  reduce(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof PickleGlobal) || callee.build === null || !Array.isArray(args))
      throw this.refuse(`${callee instanceof PickleGlobal ? callee.name : 'a value'} is called, which is not allowed`);
    this.push(callee.build(args), COST.map);
  }
  /** BUILD: the rest of an unfinished value, or attributes, which are ignored (`_metadata` of a state_dict). */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof Unfinished) target.finish(state, this.options.spend);
    else if (!(target instanceof Map)) this.refuse('attributes are set on a value that has none');
  }
}

/** Quotes a name unless it is an ordinary Python name. */
const plain = (name: string): string => (/^[\w.]{1,200}$/.test(name) ? name : quoted(name));
