import { createFreshNames, isFloat32, producersOf } from '../onnx/edit.ts';
import type { Attribute, Graph, Model, Node } from '../onnx/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { summingOps } from './summing-ops.ts';

/** Steps by which a value may be moved before it is rounded; what processors differ by is far less. */
const movedSteps = 0.05;

/** The share of the largest float32 sum by which each may be moved: 64 of its last bits. */
const movedShare = 2 ** -18;

/**
 * A graph that adds up a little differently and rounds now and then to the neighbouring code: what
 * another processor does, whose float32 sums differ in their last bits, and a little more. How far its
 * answers are from those of the graph as it is says how much rounding alone can move them. The same
 * graph gives the same answers each time, for the same inputs in the same order, and others when its
 * session runs them again.
 */
export function roundDifferently(model: Model): Model {
  const { graph } = model;
  const noise = createNoise(graph);
  const producers = producersOf(graph.nodes);
  const nodes = graph.nodes.flatMap((node): readonly Node[] => {
    const step = stepOf(graph, node);
    if (step !== undefined) return noise.before(node, movedSteps * step);
    return isWeightedSum(graph, node, producers) ? noise.after(node) : [node];
  });
  return { ...model, graph: { ...graph, nodes } };
}

/** Writes nodes that move values at random. */
interface Noise {
  /** The node with its first input moved by at most `reach`. */
  before(node: Node, reach: number): readonly Node[];
  /** The node with its first output moved by a share of the largest number in it. */
  after(node: Node): readonly Node[];
}

function createNoise(graph: Graph): Noise {
  const fresh = createFreshNames(graph);
  let seed = 0;
  const random = (like: string, reach: number, output: string): Node => ({
    ...nodeOf('RandomUniformLike', [like], output),
    attributes: new Map(
      Object.entries({ low: float(-reach), high: float(reach), seed: float(++seed) }),
    ),
  });
  return {
    before(node, reach) {
      const [value = '', ...others] = node.inputs;
      const [noise, moved] = [fresh(`${value}/noise`), fresh(`${value}/moved`)];
      return [
        random(value, reach, noise),
        nodeOf('Add', [value, noise], moved),
        { ...node, inputs: [moved, ...others] },
      ];
    },
    after(node) {
      const [value = '', ...others] = node.outputs;
      const [exact, noise, sizes, largest, shift] = [
        ...['exact', 'noise', 'sizes', 'largest', 'shift'].map((part) => fresh(`${value}/${part}`)),
      ] as [string, string, string, string, string];
      return [
        { ...node, outputs: [exact, ...others] },
        random(exact, movedShare, noise),
        nodeOf('Abs', [exact], sizes),
        nodeOf('ReduceMax', [sizes], largest),
        nodeOf('Mul', [noise, largest], shift),
        nodeOf('Add', [exact, shift], value),
      ];
    },
  };
}

/** What one code of a QuantizeLinear is worth; `undefined` for other nodes and scales per channel. */
function stepOf({ initializers }: Graph, { op, inputs }: Node): number | undefined {
  if (op !== 'QuantizeLinear' || initializers.has(inputs[0] ?? '')) return undefined;
  const scale = initializers.get(inputs[1] ?? '') as Tensor | undefined;
  return isFloat32(scale) && scale.data.length === 1 ? scale.data[0] : undefined;
}

/** Whether a node adds up float32 products with weights, be these stored in float or in bytes. */
function isWeightedSum(
  { initializers }: Graph,
  { op, domain, inputs: [, weight = ''] }: Node,
  producers: ReadonlyMap<string, Node>,
): boolean {
  if (domain !== '' || !summingOps.has(op)) return false;
  if (isFloat32(initializers.get(weight))) return true;
  const source = producers.get(weight);
  return source?.op === 'DequantizeLinear' && isFloat32(initializers.get(source.inputs[1] ?? ''));
}

const float = (value: number): Attribute => ({ type: 'float', value });

const nodeOf = (op: string, inputs: readonly string[], output: string): Node => ({
  ...{ name: '', op, domain: '', inputs, outputs: [output], attributes: new Map() },
});
