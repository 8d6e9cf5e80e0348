import { FleetError } from '@edgewise/protocol';
import { producersOf } from '../../onnx/edit.ts';
import type { Graph, Node } from '../../onnx/graph.ts';

/** Operators between the last linear layer and the output that do not learn. */
const tail: ReadonlySet<string> = new Set([
  ...['Softmax', 'LogSoftmax', 'Sigmoid', 'Identity', 'Relu', 'Dropout'],
  ...['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'GlobalAveragePool', 'AveragePool'],
  ...['ReduceMean', 'Cast', 'ArgMax'],
]);
const linear: ReadonlySet<string> = new Set(['Gemm', 'MatMul', 'Conv']);

/** The layer of a classifier that gives its scores. */
export interface Head {
  readonly node: Node;
  /** The value that it reads. */
  readonly features: string;
}

/**
 * The last linear layer before the first output of a graph: Gemm, MatMul or Conv with constant
 * weights, whatever bias, activation or reshaping follows. Throws `unsupported` and names the node
 * where the way back ends.
 */
export function findHead(graph: Graph): Head {
  const producers = producersOf(graph.nodes);
  let name = graph.outputs[0]?.name ?? '';
  for (;;) {
    const node = producers.get(name);
    if (node === undefined) throw missing(`"${name}" is no node's output`);
    if (linear.has(node.op) && graph.initializers.has(node.inputs[1] ?? '')) {
      return { node, features: node.inputs[0] ?? '' };
    }
    const back = node.inputs.find((input) => !graph.initializers.has(input));
    const isBias = node.op === 'Add' && node.inputs.some((input) => graph.initializers.has(input));
    if (back === undefined || !(isBias || tail.has(node.op))) {
      throw missing(`before it comes ${node.op} (node "${node.name}")`);
    }
    name = back;
  }
}

function missing(reason: string): FleetError {
  return new FleetError(
    'unsupported',
    `The model has no head that can be replaced: its first output does not come from a linear layer; ${reason}.`,
  );
}
