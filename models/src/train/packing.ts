import type { GraphBuilder } from '../onnx/builder.ts';
import { elementCount } from '../tensor/tensor.ts';
import { concat, reshape, split } from './gradients/write.ts';

/** Tensors of a training's state that travel as one vector, laid end to end. */
export interface Pack {
  /** Input of the training graph that holds the vector, and the output that replaces it after a step. */
  readonly input: string;
  readonly output: string;
  /** Numbers in the vector. */
  readonly length: number;
  readonly parts: readonly PackedTensor[];
}

/** One tensor of a pack. */
export interface PackedTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** Place of its first number in the vector. */
  readonly offset: number;
}

/** A tensor that is to be packed. */
export type Sized = Pick<PackedTensor, 'name' | 'dims'>;

/**
 * Lays tensors end to end. An optimizer then moves all weights with the nodes that it takes to move
 * one, and an engine is handed a few tensors per step instead of hundreds.
 */
export function layOut(tensors: readonly Sized[]) {
  let length = 0;
  const parts = tensors.map(({ name, dims }): PackedTensor => {
    const offset = length;
    length += elementCount(dims);
    return { name, dims, offset };
  });
  return { length, parts };
}

/** Writes the nodes that take a vector apart; each tensor becomes a value under its own name. */
export function writeUnpacking(
  graph: GraphBuilder,
  vector: string,
  parts: readonly PackedTensor[],
): void {
  const sizes = parts.map(({ dims }) => elementCount(dims));
  for (const [at, flat] of split(graph, vector, { axis: 0, sizes }).entries()) {
    const { name = '', dims = [] } = parts[at] ?? {};
    reshape(graph, flat, dims, { output: name });
  }
}

/** Joins values into one vector, in the given order. */
export function writePacking(graph: GraphBuilder, values: readonly string[]): string {
  const flat = values.map((value) => reshape(graph, value, [-1]));
  return concat(graph, flat, 0);
}
