/** How sums of two products go wrong in 16 bits. */
import type { IntegerLayer } from './integer-layers.ts';
import { type Pair, pairingOf, type SaturationTarget } from './pairings.ts';
import { type Columns, columnsOf } from './sums.ts';

/** How a target computes a layer. */
export interface Arithmetic {
  /** Added to the codes of the input before they are multiplied. */
  readonly shift: number;
  /** For every column the pairs that some input makes go wrong. */
  readonly suspects: readonly Suspects[];
  /** What a row of shifted codes puts on top of the right sum of a column. */
  errorOf(row: Int16Array, suspects: Suspects): number;
}

/** Pairs of one column. */
export interface Suspects {
  /** Positions in the sum, two for each pair. */
  readonly at: Int32Array;
  /** Weights, two for each pair. */
  readonly weights: Int32Array;
}

/** The arithmetic of a target for a layer; `undefined` where no input makes it go wrong. */
export function arithmeticOf(
  layer: IntegerLayer,
  target: SaturationTarget,
): Arithmetic | undefined {
  const rule = target === 'x64' ? saturating : wrapping;
  const pairing = pairingOf(layer, target);
  const suspects = suspectsOf(columnsOf(layer), pairing, rule.isSuspect);
  if (suspects.every(({ at }) => at.length === 0)) return undefined;
  const isSigned = layer.input.dtype === 'int8';
  const shift = isSigned ? rule.shiftOfSigned : rule.shiftOfUnsigned;
  return { shift, suspects, errorOf: rule.errorOf };
}

function suspectsOf(
  { data, depth }: Columns,
  pairing: readonly Pair[],
  isSuspect: Rule['isSuspect'],
): readonly Suspects[] {
  return Array.from({ length: data.length / depth }, (_, index) => {
    const column = data.subarray(index * depth, (index + 1) * depth);
    const pairs = pairing.filter(([a, b]) => isSuspect(column[a] ?? 0, column[b] ?? 0));
    const at = Int32Array.from(pairs.flat());
    return { at, weights: Int32Array.from(at, (k) => column[k] ?? 0) };
  });
}

interface Rule {
  /** Processors multiply unsigned codes with signed weights, or signed with signed. */
  readonly shiftOfSigned: number;
  readonly shiftOfUnsigned: number;
  /** Whether codes exist with which two weights go wrong. */
  isSuspect(one: number, other: number): boolean;
  errorOf: Arithmetic['errorOf'];
}

const greatestCode = 255;
const greatest = 32_767;
const least = -32_768;

/** x64: products of an unsigned and a signed byte, added with saturation. */
const saturating: Rule = {
  shiftOfSigned: 128,
  shiftOfUnsigned: 0,
  isSuspect(one, other) {
    const high = Math.max(one, 0) + Math.max(other, 0);
    const low = Math.min(one, 0) + Math.min(other, 0);
    return greatestCode * high > greatest || greatestCode * low < least;
  },
  errorOf(row, { at, weights }) {
    let error = 0;
    for (let i = 0; i < at.length; i += 2) {
      const sum =
        (row[at[i] as number] as number) * (weights[i] as number) +
        (row[at[i + 1] as number] as number) * (weights[i + 1] as number);
      if (sum > greatest) error += greatest - sum;
      else if (sum < least) error += least - sum;
    }
    return error;
  },
};

const lowest = -128;

/** ARM: products of signed bytes; only twice -128 times -128 is more than 16 bits hold, and wraps. */
const wrapping: Rule = {
  shiftOfSigned: 0,
  shiftOfUnsigned: -128,
  isSuspect: (one, other) => one === lowest && other === lowest,
  errorOf(row, { at }) {
    let error = 0;
    for (let i = 0; i < at.length; i += 2) {
      if (row[at[i] as number] === lowest && row[at[i + 1] as number] === lowest) error -= 65_536;
    }
    return error;
  },
};
