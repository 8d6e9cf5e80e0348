import Type from 'typebox';
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
