/**
 * Repeatable randomness. A stream is named by numbers (seed, purpose, epoch, step ...), never by
 * what was drawn before, so that a resumed training draws what the interrupted one would have.
 */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** A whole number in [0, bound); bound up to 2^32. */
  below(bound: number): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Standard normal (Marsaglia's polar method); draws two numbers or more. */
  normal(): number;
}

/** The stream with this name: sfc32 (Doty-Humphrey, PractRand), seeded through a mixing function. */
export function createRandom(...name: readonly number[]): Random {
  const state = new Uint32Array(4);
  for (const [index, part] of name.entries()) {
    for (let word = 0; word < 4; word++) {
      state[word] = mix(word32(state, word) ^ mix(part + 0x9e3779b9 * (4 * index + word + 1)));
    }
  }
  let [a, b, c, counter] = [word32(state, 0), word32(state, 1), word32(state, 2), word32(state, 3)];
  const draw = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round++) draw();
  const next = (): number => draw() / 0x1_0000_0000;
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    between: (low, high) => low + next() * (high - low),
    normal: normalFrom(next),
  };
}

/** The polar method gives two values at a time: the second is kept for the next call. */
function normalFrom(next: () => number): () => number {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    let u = 0;
    let v = 0;
    let square = 0;
    do {
      u = 2 * next() - 1;
      v = 2 * next() - 1;
      square = u * u + v * v;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    spare = v * factor;
    return u * factor;
  };
}

/** The numbers 0 to count-1 in random order (Fisher and Yates). */
export function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, at) => at);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const kept = word32(order, last);
    order[last] = word32(order, other);
    order[other] = kept;
  }
  return order;
}

/** The finalizer of MurmurHash3 (Appleby): every input bit reaches every output bit. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function word32(words: Uint32Array, index: number): number {
  return words[index] ?? 0;
}
