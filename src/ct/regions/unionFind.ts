/** Disjoint sets of the integers 0 to size - 1, to which members can be added; the root of a set is its smallest. */
export class UnionFind {
  #parent = new Int32Array(1024);
  #size = 0;

  /** Adds the next integer as a set of its own. */
  add(): void {
    if (this.#size === this.#parent.length) this.#parent = grown(this.#parent);
    this.#parent[this.#size] = this.#size;
    this.#size++;
  }

  /** Finds the root of the set of `item`. */
  find(item: number): number {
    const parent = this.#parent;
    let at = item;
    while (parent[at] !== at) {
      const above = parent[parent[at]!]!;
      parent[at] = above;
      at = above;
    }
    return at;
  }

  /** Merges the sets of `a` and `b`. */
  join(a: number, b: number): void {
    const rootA = this.find(a);
    const rootB = this.find(b);
    if (rootA < rootB) this.#parent[rootB] = rootA;
    else this.#parent[rootA] = rootB;
  }
}

/** Copies an array into one of twice the length. */
export function grown(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
