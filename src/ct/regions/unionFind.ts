/** Disjoint sets of the integers 0 to size - 1; the root of a set is its smallest member. */
export class UnionFind {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = new Int32Array(size);
    for (let i = 0; i < size; i++) this.#parent[i] = i;
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
