import { mapInnerGraphs } from '../onnx/edit.ts';
import { float32sOf } from '../onnx/float-bits.ts';
import type { Attribute, Graph, Initializer, Model, Node, ValueInfo } from '../onnx/graph.ts';
import { dtypeOf } from '../onnx/read-tensor.ts';
import { tensor } from '../tensor/tensor.ts';

const otherFloats: ReadonlySet<string | undefined> = new Set(['float16', 'bfloat16', 'float64']);

/**
 * A model of float16, bfloat16 or float64 numbers as one of float32 numbers, the only ones that are
 * quantized; inputs and outputs too, so callers feed and get float32. Narrower numbers keep their
 * value, wider ones are rounded to nearest. A model without such numbers is returned as it is.
 */
export function toFloat32(model: Model): Model {
  return usesOthers(model.graph) ? { ...model, graph: convert(model.graph) } : model;
}

function usesOthers({ inputs, outputs, initializers, nodes }: Graph): boolean {
  return (
    [...inputs, ...outputs, ...initializers.values()].some(({ dtype }) => otherFloats.has(dtype)) ||
    nodes.some((node) => [...node.attributes.entries()].some(([key, value]) => names(key, value)))
  );
}

/** Whether an attribute gives one of the types, as a number or by what it holds. */
function names(key: string, attribute: Attribute): boolean {
  if (attribute.type === 'graph') return usesOthers(attribute.value);
  if (attribute.type === 'graphs') return attribute.value.some(usesOthers);
  if (attribute.type === 'tensor') return otherFloats.has(attribute.value.dtype);
  return isTypeNumber(key) && attribute.type === 'int' && isOther(attribute.value);
}

/** `to` of Cast; `dtype` of EyeLike, the random ones and others. */
const isTypeNumber = (key: string): boolean => key === 'to' || key === 'dtype';
const isOther = (id: bigint): boolean => id !== 0n && otherFloats.has(dtypeOf(Number(id)));
const float32Id = 1n;

function convert(graph: Graph): Graph {
  const constants = [...graph.initializers].map(([name, value]) => [name, narrow(value)] as const);
  return {
    ...graph,
    inputs: graph.inputs.map(retyped),
    outputs: graph.outputs.map(retyped),
    values: new Map([...graph.values].map(([name, value]) => [name, retyped(value)])),
    initializers: new Map(constants),
    nodes: graph.nodes.map((node) => mapInnerGraphs(convertNode(node), convert)),
  };
}

function convertNode(node: Node): Node {
  const attributes = [...node.attributes].map(([key, attribute]): [string, Attribute] => {
    if (attribute.type === 'tensor')
      return [key, { type: 'tensor', value: narrow(attribute.value) }];
    const other = names(key, attribute) && attribute.type === 'int';
    return [key, other ? { type: 'int', value: float32Id } : attribute];
  });
  return { ...node, attributes: new Map(attributes) };
}

function narrow(constant: Initializer): Initializer {
  const numbers = otherFloats.has(constant.dtype) ? float32sOf(constant) : undefined;
  return numbers === undefined ? constant : tensor('float32', constant.dims, numbers);
}

function retyped(value: ValueInfo): ValueInfo {
  return otherFloats.has(value.dtype) ? { ...value, dtype: 'float32' } : value;
}
