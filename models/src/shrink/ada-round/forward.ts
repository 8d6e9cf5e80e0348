import type { GraphBuilder } from '../../onnx/builder.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { createTape, type Tape } from '../../train/differentiate.ts';
import type { RoundingProblem } from './problem.ts';

/** Writes operators that can be differentiated; constants of the graph have no gradient. */
export interface Forward {
  /** Declares an input. */
  input(name: string, dims: readonly number[]): string;
  scalar(value: number): string;
  /** Writes an operator and returns its output, which has these sizes. */
  op(op: string, inputs: readonly string[], dims: readonly number[]): string;
  readonly backward: Tape['backward'];
}

/** Keeps the sizes and numbers that gradients depend on. */
export function createForward(graph: GraphBuilder): Forward {
  const sizes = new Map<string, readonly number[]>();
  const numbers = new Map<string, readonly number[]>();
  const tape = createTape(graph, {
    dims: (name) => sizes.get(name) ?? [],
    constant: (name) => numbers.get(name),
  });
  return {
    input(name, dims) {
      sizes.set(name, dims);
      return graph.input(name, 'float32', dims);
    },
    scalar(value) {
      const name = graph.scalar(value);
      numbers.set(name, [value]);
      return name;
    },
    op(op, inputs, dims) {
      const name = `layer_${sizes.size}`;
      sizes.set(name, dims);
      const outputs = [name];
      tape.forward({ name, op, domain: '', inputs, outputs, attributes: new Map() });
      return name;
    },
    backward: tape.backward,
  };
}

/**
 * Writes the layer with these integers as weights, on rows of input; gives its output's name. The
 * layer's own numbers are inputs, so that all blocks of a size have the same graph: `layerFeeds`.
 */
export function writeLayer(
  { graph, forward }: { readonly graph: GraphBuilder; readonly forward: Forward },
  problem: RoundingProblem,
  { integers, input, rows }: Readonly<Record<'integers' | 'input', string>> & { rows: number },
): string {
  const { below, scales, bias, bounds } = problem;
  const [groups = 1, , width = 1] = below.dims;
  const dims = [groups, rows, width];
  const weight = forward.op(
    'Mul',
    [integers, graph.input('scales', 'float32', scales.dims)],
    below.dims,
  );
  let output = forward.op('MatMul', [input, weight], dims);
  if (bias !== undefined)
    output = forward.op('Add', [output, graph.input('bias', 'float32', bias.dims)], dims);
  if (bounds === undefined) return output;
  const ends = [bounds.low, bounds.high].map((end) =>
    Number.isFinite(end) ? forward.scalar(end) : '',
  );
  return forward.op('Clip', [output, ...ends], dims);
}

/** What the inputs hold that `writeLayer` declares. */
export const layerFeeds = ({ scales, bias }: RoundingProblem): Feeds => ({
  scales,
  ...(bias && { bias }),
});
