import type { Graph, Model, Node } from '../../onnx/graph.ts';
import { neededGrids } from './needed-grids.ts';
import type { FakeQuantization } from './plan.ts';
import { createRounding, type Rounding } from './rounding.ts';

/**
 * The graph with every planned constant and activation rounded to its grid and back. A weight is
 * rounded per output channel (a stack of matrices as a whole) on a symmetric grid that follows its
 * largest magnitude, which commutes with folding a batch normalisation: scaling a channel scales its
 * grid. Values of the plan that the graph has not are passed over.
 */
export function fakeQuantize(model: Model, plan: FakeQuantization): Model {
  const { graph } = model;
  const rounding = createRounding(graph, model.opsets.get('') ?? 17);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const grids = neededGrids(graph, plan.activations);
  const readAs = new Map<string, string>();
  const writtenAs = new Map<string, string>();
  const roundOne = (name: string): void => {
    const grid = grids.get(name);
    if (grid === undefined) return;
    const real = writtenAs.get(name);
    if (real === undefined) readAs.set(name, rounding.activation(name, grid));
    else rounding.activation(real, grid, name);
  };
  for (const { name } of graph.inputs) roundOne(name);
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      // An output of the graph keeps its name for what is rounded.
      const isOutput = outputs.has(name) && grids.has(name);
      if (isOutput) writtenAs.set(name, rounding.fresh(`${name}_real`));
    }
    const rounded = withRoundedConstants(node, { graph, plan, rounding });
    const inputs = rounded.inputs.map((name) => readAs.get(name) ?? name);
    const written = node.outputs.map((name) => writtenAs.get(name) ?? name);
    rounding.nodes.push({ ...rounded, inputs, outputs: written });
    for (const name of node.outputs) roundOne(name);
  }
  const { nodes, initializers } = rounding;
  return { ...model, graph: { ...graph, nodes, initializers, values: new Map() } };
}

function withRoundedConstants(
  node: Node,
  parts: {
    readonly graph: Graph;
    readonly plan: FakeQuantization;
    readonly rounding: Rounding;
  },
): Node {
  const { graph, plan, rounding } = parts;
  const inputs = [...node.inputs];
  for (const grid of plan.constants.get(node.name) ?? []) {
    const name = inputs[grid.at] ?? '';
    const constant = graph.initializers.get(name);
    if (constant === undefined) continue;
    inputs[grid.at] =
      grid.kind === 'weight'
        ? rounding.weight(name, constant.dims, grid)
        : rounding.numbers(name, constant.dims);
  }
  return { ...node, inputs };
}
