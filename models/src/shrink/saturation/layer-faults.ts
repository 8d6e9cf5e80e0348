import type { Tensor } from '../../tensor/tensor.ts';
import { type Arithmetic, arithmeticOf } from './faults.ts';
import type { IntegerLayer } from './integer-layers.ts';
import type { SaturationTarget } from './pairings.ts';
import { finishOf } from './requantize.ts';
import { columnsOf, type Sums, sumsOf } from './sums.ts';

/** An output that a target gives wrong: a code, or a float where the layer does not round. */
export interface Fault {
  /** Position in the row-major output. */
  readonly at: number;
  readonly right: number;
  readonly wrong: number;
}

/** Calls `visit` with every output that a target gets wrong for some input codes. */
export type FaultFinder = (codes: Tensor, visit: (fault: Fault) => void) => void;

/**
 * The finder of a layer; `undefined` when no input whatever makes it go wrong, which the weights
 * alone decide. Only pairs of weights that can go wrong are looked at, and a whole sum is computed
 * only where one did.
 */
export function faultFinderOf(
  layer: IntegerLayer,
  target: SaturationTarget,
): FaultFinder | undefined {
  const arithmetic = arithmeticOf(layer, target);
  if (arithmetic === undefined) return undefined;
  const finish = finishOf(layer);
  const sumOf = summer(layer, arithmetic.shift);
  return ({ data, dims }, visit) => {
    const search = { sums: sumsOf(layer, dims), arithmetic, codes: data as Int8Array };
    eachError(search, ({ at, channel, row, amount }) => {
      const sum = sumOf(row, channel);
      const [right, wrong] = [finish(sum, channel), finish(sum + amount, channel)];
      if (right !== wrong) visit({ at, right, wrong });
    });
  };
}

/** A sum that goes wrong. */
interface SumError {
  readonly at: number;
  readonly channel: number;
  readonly row: Int16Array;
  readonly amount: number;
}

interface Search {
  readonly sums: Sums;
  readonly arithmetic: Arithmetic;
  readonly codes: Int8Array | Uint8Array;
}

function eachError(search: Search, visit: (error: SumError) => void): void {
  const { sums, arithmetic, codes } = search;
  const row = new Int16Array(sums.depth);
  for (let group = 0; group < sums.groups; group++) {
    const first = group * sums.columns;
    const own = arithmetic.suspects.slice(first, first + sums.columns);
    const columns = [...own.keys()].filter((column) => own[column]?.at.length !== 0);
    for (let index = 0; columns.length > 0 && index < sums.rows; index++) {
      sums.gather(codes, { row: index, group }, row);
      for (let k = 0; k < row.length; k++) row[k] = (row[k] as number) + arithmetic.shift;
      for (const column of columns) {
        const amount = arithmetic.errorOf(row, own[column] as (typeof own)[number]);
        const channel = first + column;
        if (amount !== 0) visit({ at: sums.outputAt(index, group, column), channel, row, amount });
      }
    }
  }
}

/** Exact sums of (code - zero) * (weight - zero) from a row of shifted codes. */
function summer(layer: IntegerLayer, shift: number): (row: Int16Array, channel: number) => number {
  const { data, depth } = columnsOf(layer);
  const inputZero = layer.input.zero + shift;
  const { zeros } = layer.weight;
  return (row, channel) => {
    const zero = zeros[zeros.length === 1 ? 0 : channel] ?? 0;
    let sum = 0;
    for (let k = 0, at = channel * depth; k < depth; k++, at++) {
      sum += ((row[k] as number) - inputZero) * ((data[at] as number) - zero);
    }
    return sum;
  };
}
