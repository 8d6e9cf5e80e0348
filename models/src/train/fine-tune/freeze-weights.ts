import { FleetError } from '@edgewise/protocol';
import type { Graph, Node } from '../../onnx/graph.ts';
import { elementCount } from '../../tensor/tensor.ts';

/** Inputs of operators that hold what is learnt. */
const learnt: Readonly<Record<string, readonly number[]>> = {
  Conv: [1, 2],
  ConvTranspose: [1, 2],
  Gemm: [1, 2],
  MatMul: [0, 1],
  BatchNormalization: [1, 2],
  LayerNormalization: [1, 2],
  Gather: [0],
  Add: [0, 1],
  Mul: [0, 1],
};

/** A constant that can be trained, with the nodes that read it. */
interface Weight {
  readonly name: string;
  readonly readers: readonly Node[];
}

/**
 * The weights of a graph that training moves: all learnt constants that no pattern matches, by their
 * own name or by that of a node that reads them. Throws `invalid-argument` for a pattern that matches
 * none.
 */
export function trainableWeights(graph: Graph, freeze: readonly string[]): readonly string[] {
  const weights = weightsOf(graph);
  const namesOf = ({ name, readers }: Weight) => [
    name,
    ...readers.flatMap((node) => [node.name, ...node.outputs]),
  ];
  const frozen = new Set<string>();
  for (const pattern of freeze) {
    const glob = globOf(pattern);
    const matched = weights.filter((weight) => namesOf(weight).some((name) => glob.test(name)));
    // All of nothing: a network without weights that can be trained.
    if (matched.length === 0 && pattern !== '*') {
      const known = weights.slice(0, 8).map(({ name }) => `"${name}"`);
      throw new FleetError(
        'invalid-argument',
        `No weight or node of the model is called "${pattern}"; it has ${weights.length} weights: ${known.join(', ')}${weights.length > 8 ? ' ...' : ''}.`,
      );
    }
    for (const { name } of matched) frozen.add(name);
  }
  return weights.map(({ name }) => name).filter((name) => !frozen.has(name));
}

function weightsOf({ nodes, initializers }: Graph): readonly Weight[] {
  const readers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const place of learnt[node.op] ?? []) {
      const name = node.inputs[place] ?? '';
      const value = initializers.get(name);
      // Single numbers are parts of formulas, such as the 3 and 6 of a hard swish.
      if (value?.dtype !== 'float32' || elementCount(value.dims) < 2) continue;
      readers.set(name, [...(readers.get(name) ?? []), node]);
    }
  }
  return [...readers].map(([name, list]) => ({ name, readers: list }));
}

function globOf(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
