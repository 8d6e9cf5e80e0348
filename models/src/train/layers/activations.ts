import Type from 'typebox';
import { float } from '../../onnx/builder.ts';
import { layerKind } from './layer.ts';

/** max(0, x). */
export const relu = layerKind({
  schema: Type.Object({ kind: Type.Literal('relu') }, { additionalProperties: false }),
  resize: (_, dims) => dims,
  write(_, { graph, input, output }) {
    graph.op('Relu', [input], { output });
  },
});

/** relu with an upper bound of 6. */
export const relu6 = layerKind({
  schema: Type.Object({ kind: Type.Literal('relu6') }, { additionalProperties: false }),
  resize: (_, dims) => dims,
  write(_, { graph, input, output }) {
    graph.op('Clip', [input, graph.scalar(0), graph.scalar(6)], { output });
  },
});

/** x relu6(x + 3) / 6 (Howard et al. 2019). */
export const hardswish = layerKind({
  schema: Type.Object({ kind: Type.Literal('hardswish') }, { additionalProperties: false }),
  resize: (_, dims) => dims,
  write(_, { graph, input, output }) {
    graph.op('HardSwish', [input], { output });
  },
});

/** x above zero, a share of x below. */
export const leakyrelu = layerKind({
  schema: Type.Object(
    {
      kind: Type.Literal('leakyrelu'),
      /** The share; default 0.01. */
      slope: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    },
    { additionalProperties: false },
  ),
  resize: (_, dims) => dims,
  write({ slope = 0.01 }, { graph, input, output }) {
    graph.op('LeakyRelu', [input], { output, attributes: { alpha: float(slope) } });
  },
});

/** Hyperbolic tangent. */
export const tanh = layerKind({
  schema: Type.Object({ kind: Type.Literal('tanh') }, { additionalProperties: false }),
  resize: (_, dims) => dims,
  write(_, { graph, input, output }) {
    graph.op('Tanh', [input], { output });
  },
});
