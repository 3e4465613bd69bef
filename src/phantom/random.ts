/** Seeded random numbers; the same seed and stream give the same sequence on every machine. */
export class Random {
  #state: number;

  /** Streams of one seed are independent: using more numbers of one does not shift another. */
  constructor(seed: number, stream: number) {
    this.#state = scramble(scramble(seed >>> 0) ^ Math.imul(stream + 1, 0x9e3779b9));
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return scramble(this.#state) / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** Uniform in the logarithm, so small values are more frequent. */
  betweenLog(low: number, high: number): number {
    return Math.exp(this.between(Math.log(low), Math.log(high)));
  }

  /** Uniform whole number from `low` to `high`, both inclusive. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** One of the keys, with probabilities in proportion to the shares. */
  pick<Key extends string>(shares: Readonly<Record<Key, number>>): Key {
    const keys = Object.keys(shares) as Key[];
    let left = this.next() * keys.reduce((sum, key) => sum + shares[key], 0);
    for (const key of keys) {
      left -= shares[key];
      if (left < 0) return key;
    }
    return keys[keys.length - 1]!;
  }

  /** Unit vector, uniform on the sphere. */
  direction(): [number, number, number] {
    const z = this.between(-1, 1);
    const around = this.between(0, 2 * Math.PI);
    const across = Math.sqrt(1 - z * z);
    return [across * Math.cos(around), across * Math.sin(around), z];
  }
}

/** 32-bit integer hash with good avalanche (lowbias32 family, Wellons 2018). */
export function scramble(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
