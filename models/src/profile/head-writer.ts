import { ints } from '../onnx/builder.ts';
import { createFreshNames, producersOf } from '../onnx/edit.ts';
import type { Attribute, Initializer, Model, Node, ValueInfo } from '../onnx/graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

/** Appends nodes to an existing graph; everything it adds is named `profile/...`. */
export interface HeadWriter {
  op(
    op: string,
    inputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): string;
  constant(value: Tensor): string;
  /** Length, mean, smallest, largest or sum over axes that stay with size 1; [1] by default. */
  reduce(op: ReduceOp, input: string, axes?: readonly number[]): string;
  /** The value in float32, read behind a DequantizeLinear of its own where the graph quantizes it. */
  float(value: string): string;
  /** Whether a value is surely [batch, numbers]. */
  isFlat(value: string): boolean;
  /** What the model itself makes of a value by such an operator. */
  known(
    input: string,
    op: string,
    fits: (attributes: Node['attributes']) => boolean,
  ): string | undefined;
  /** The model with what was written, and one more output. */
  build(output: ValueInfo, from: string): Model;
}

type ReduceOp = 'ReduceL2' | 'ReduceMean' | 'ReduceMin' | 'ReduceMax' | 'ReduceSum';

/** Starts behind a model, which stays as it is. */
export function createHeadWriter(model: Model): HeadWriter {
  const { graph } = model;
  const fresh = createFreshNames(graph);
  const nodes: Node[] = [];
  const constants = new Map<string, Initializer>();
  const opset = model.opsets.get('') ?? 0;

  const op: HeadWriter['op'] = (name, inputs, attributes = {}) => {
    const output = fresh(`profile/${name}`);
    nodes.push(nodeOf(name, { inputs, output, attributes }));
    return output;
  };
  const constant = (value: Tensor): string => {
    const name = fresh('profile/constant');
    constants.set(name, value);
    return name;
  };

  return {
    op,
    constant,
    reduce(name, input, axes = [1]) {
      // Axes became an input with opset 13 for ReduceSum and with opset 18 for the others.
      if (opset < (name === 'ReduceSum' ? 13 : 18)) return op(name, [input], { axes: ints(axes) });
      const list = tensor('int64', [axes.length], BigInt64Array.from(axes, BigInt));
      return op(name, [input, constant(list)]);
    },
    float(value) {
      const linear = quantizedForm(graph.nodes, value);
      return linear === undefined
        ? value
        : op('DequantizeLinear', linear.inputs, Object.fromEntries(linear.attributes));
    },
    isFlat(value) {
      const producer = producersOf(graph.nodes).get(value);
      const axis = producer?.attributes.get('axis');
      const isFirst = axis === undefined || (axis.type === 'int' && Number(axis.value) === 1);
      return producer?.op === 'Gemm' || (producer?.op === 'Flatten' && isFirst);
    },
    known: (input, name, fits) =>
      graph.nodes.find(
        (node) => node.op === name && node.inputs[0] === input && fits(node.attributes),
      )?.outputs[0],
    build: (output, from) => ({
      ...model,
      graph: {
        ...graph,
        nodes: [
          ...graph.nodes,
          ...nodes,
          nodeOf('Identity', { inputs: [from], output: output.name, attributes: {} }),
        ],
        initializers: new Map([...graph.initializers, ...constants]),
        outputs: [...graph.outputs, output],
      },
    }),
  };
}

interface NodeFacts {
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

function nodeOf(op: string, { inputs, output, attributes }: NodeFacts): Node {
  return {
    name: output,
    op,
    domain: '',
    inputs,
    outputs: [output],
    attributes: new Map(Object.entries(attributes)),
  };
}

/**
 * What a DequantizeLinear of this value would read. Another reader of the float value itself would
 * keep a runtime from fusing its producer with the QuantizeLinear behind it.
 */
function quantizedForm(
  nodes: readonly Node[],
  value: string,
): Pick<Node, 'inputs' | 'attributes'> | undefined {
  const producer = producersOf(nodes).get(value);
  if (producer?.op === 'DequantizeLinear') return producer;
  const quantizer = nodes.find((node) => node.op === 'QuantizeLinear' && node.inputs[0] === value);
  if (quantizer === undefined) return undefined;
  return {
    inputs: [quantizer.outputs[0] ?? '', ...quantizer.inputs.slice(1)],
    attributes: quantizer.attributes,
  };
}
