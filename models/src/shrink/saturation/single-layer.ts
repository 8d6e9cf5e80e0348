import { createFreshNames, producersOf } from '../../onnx/edit.ts';
import type { Graph, Model, Node } from '../../onnx/graph.ts';
import type { IntegerLayer } from './integer-layers.ts';

/** A model of one layer, and the names of its only input and output, both float. */
export interface SingleLayer {
  readonly model: Model;
  readonly input: string;
  readonly output: string;
}

/**
 * One layer of a model alone, with the quantization around it: what a processor makes of it shows
 * whether that layer is right there. The input codes are rounded from float as in the whole graph,
 * since ONNX Runtime computes differently with integers that come from outside.
 */
export function singleLayerOf({ graph, ...model }: Model, layer: IntegerLayer): SingleLayer {
  const producers = producersOf(graph.nodes);
  const [data = ''] = layer.node.inputs;
  const input = createFreshNames(graph)(`${layer.name}/input`);
  const dequantize = producers.get(data);
  const quantize: Node = {
    ...{ name: '', op: 'QuantizeLinear', domain: '', attributes: new Map() },
    inputs: [input, ...(dequantize?.inputs.slice(1) ?? [])],
    outputs: [layer.input.value],
  };
  const before = layer.node.inputs.flatMap((name) => producers.get(name) ?? []);
  const after = roundingOf(graph, layer);
  const nodes = [quantize, ...before, layer.node, ...after];
  const output = nodes.at(-1)?.outputs[0] ?? '';
  const reads = new Set(nodes.flatMap(({ inputs }) => inputs));
  const floatValue = (name: string) => ({ name, dtype: 'float32' as const, dims: undefined });
  return {
    ...{ input, output },
    model: {
      ...model,
      graph: {
        name: layer.name,
        nodes,
        inputs: [floatValue(input)],
        outputs: [floatValue(output)],
        initializers: new Map([...graph.initializers].filter(([name]) => reads.has(name))),
        values: new Map(),
      },
    },
  };
}

/** The QuantizeLinear behind a layer and one DequantizeLinear; nothing where its output stays float. */
function roundingOf({ nodes }: Graph, { node, output }: IntegerLayer): readonly Node[] {
  if (output === undefined) return [];
  const quantize = nodes.find(
    ({ op, inputs }) => op === 'QuantizeLinear' && inputs[0] === node.outputs[0],
  );
  const dequantize = nodes.find(
    ({ op, inputs }) => op === 'DequantizeLinear' && inputs[0] === quantize?.outputs[0],
  );
  return [quantize, dequantize].filter((each) => each !== undefined);
}
