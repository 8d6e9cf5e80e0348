import Type from 'typebox';
import { int } from '../../onnx/builder.ts';
import { layerKind } from './layer.ts';

/** A fully connected layer over a flat vector. */
export const dense = layerKind({
  schema: Type.Object(
    {
      kind: Type.Literal('dense'),
      units: Type.Integer({ minimum: 1, maximum: 65_536 }),
      bias: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
  resize({ units }, dims) {
    if (dims.length === 1) return [units];
    return {
      misfit: `it needs a flat vector, but the layers before it give [${dims.join(', ')}]; put a flatten or globalavgpool layer before it`,
    };
  },
  parameters({ units, bias = true }, [inputs = 0]) {
    const weight = { name: 'weight', dims: [units, inputs], start: { fanIn: inputs } } as const;
    const offset = { name: 'bias', dims: [units], start: { fill: 0 } } as const;
    return (bias ? [weight, offset] : [weight]).map((item) => ({ ...item, role: 'trained' }));
  },
  write({ bias = true }, { graph, input, output, parameter }) {
    const inputs = [input, parameter('weight'), ...(bias ? [parameter('bias')] : [])];
    graph.op('Gemm', inputs, { output, attributes: { transB: int(1) } });
  },
});

/** Joins all axes of a sample into one. */
export const flatten = layerKind({
  schema: Type.Object({ kind: Type.Literal('flatten') }, { additionalProperties: false }),
  resize: (_, dims) => [dims.reduce((product, size) => product * size, 1)],
  write(_, { graph, input, output }) {
    graph.op('Flatten', [input], { output, attributes: { axis: int(1) } });
  },
});
