import { createFreshNames, isFloat32 } from '../onnx/edit.ts';
import type { Attribute, Graph, Model, Node } from '../onnx/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Steps by which a value may be moved before it is rounded; what processors differ by is far less. */
const movedSteps = 0.05;

/**
 * A graph that rounds now and then to the neighbouring code: what another processor does, whose
 * float32 sums differ in their last bits, and a little more. How far its answers are from those of
 * the graph as it is says how much rounding alone can move them. The same graph gives the same
 * answers each time, for the same inputs in the same order.
 */
export function roundDifferently(model: Model): Model {
  const { graph } = model;
  const fresh = createFreshNames(graph);
  let seed = 0;
  const nodes = graph.nodes.flatMap((node): readonly Node[] => {
    const step = stepOf(graph, node);
    const [value = '', ...others] = node.inputs;
    if (step === undefined) return [node];
    const [noise, moved] = [fresh(`${value}/noise`), fresh(`${value}/moved`)];
    const reach = movedSteps * step;
    const range = { low: float(-reach), high: float(reach), seed: float(++seed) };
    return [
      {
        ...nodeOf('RandomUniformLike', [value], noise),
        attributes: new Map(Object.entries(range)),
      },
      nodeOf('Add', [value, noise], moved),
      { ...node, inputs: [moved, ...others] },
    ];
  });
  return { ...model, graph: { ...graph, nodes } };
}

/** What one code of a QuantizeLinear is worth; `undefined` for other nodes and scales per channel. */
function stepOf({ initializers }: Graph, { op, inputs }: Node): number | undefined {
  if (op !== 'QuantizeLinear' || initializers.has(inputs[0] ?? '')) return undefined;
  const scale = initializers.get(inputs[1] ?? '') as Tensor | undefined;
  return isFloat32(scale) && scale.data.length === 1 ? scale.data[0] : undefined;
}

const float = (value: number): Attribute => ({ type: 'float', value });

const nodeOf = (op: string, inputs: readonly string[], output: string): Node => ({
  ...{ name: '', op, domain: '', inputs, outputs: [output], attributes: new Map() },
});
