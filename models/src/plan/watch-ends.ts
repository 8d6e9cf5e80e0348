import { int } from '../onnx/builder.ts';
import { createFreshNames } from '../onnx/edit.ts';
import type { Model, Node } from '../onnx/graph.ts';
import { tensor } from '../tensor/tensor.ts';
import { summingOps } from './summing-ops.ts';

/**
 * A graph whose outputs are the least and the greatest number of every value that is rounded to
 * bytes or that is a sum of products, as two numbers each: what golden inputs are chosen by.
 */
export function watchEnds(model: Model): Model {
  const { graph } = model;
  const fresh = createFreshNames(graph);
  const flat = fresh('ends/flat');
  const nodes: Node[] = [];
  const outputs = watchedValues(graph.nodes).map((value) => {
    const [row, low, high, ends] = ['row', 'low', 'high', 'ends'].map((part) =>
      fresh(`ends/${value}/${part}`),
    ) as [string, string, string, string];
    nodes.push(
      nodeOf('Reshape', [value, flat], row),
      nodeOf('ReduceMin', [row], low),
      nodeOf('ReduceMax', [row], high),
      { ...nodeOf('Concat', [low, high], ends), attributes: new Map([['axis', int(0)]]) },
    );
    return { name: ends, dtype: undefined, dims: [2] };
  });
  const initializers = new Map(graph.initializers);
  initializers.set(flat, tensor('int64', [1], BigInt64Array.of(-1n)));
  return {
    ...model,
    graph: { ...graph, nodes: [...graph.nodes, ...nodes], initializers, outputs },
  };
}

function watchedValues(nodes: readonly Node[]): readonly string[] {
  const rounded = nodes.filter(({ op }) => op === 'QuantizeLinear').map(({ inputs }) => inputs[0]);
  const summed = nodes.filter(({ op }) => summingOps.has(op)).map(({ outputs }) => outputs[0]);
  return [...new Set([...rounded, ...summed])].filter((name) => name !== undefined);
}

function nodeOf(op: string, inputs: readonly string[], output: string): Node {
  return { name: '', op, domain: '', inputs, outputs: [output], attributes: new Map() };
}
