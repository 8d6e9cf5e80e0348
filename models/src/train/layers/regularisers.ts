import Type from 'typebox';
import { float, int } from '../../onnx/builder.ts';
import { tensor } from '../../tensor/tensor.ts';
import { layerKind, nextOf } from './layer.ts';

/** Normalises each channel by the batch while training, by running statistics afterwards. */
export const batchnorm = layerKind({
  schema: Type.Object(
    {
      kind: Type.Literal('batchnorm'),
      /** Added to the variance; default 1e-3. */
      epsilon: Type.Optional(Type.Number({ minimum: 1e-7, maximum: 1 })),
      /** Share of the running statistics that survives a step; default 0.9. */
      momentum: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    },
    { additionalProperties: false },
  ),
  resize: (_, dims) => dims,
  parameters(_, [channels = 0]) {
    const part = <R extends 'trained' | 'statistic'>(name: string, fill: number, role: R) =>
      ({ name, dims: [channels], start: { fill }, role }) as const;
    return [
      part('scale', 1, 'trained'),
      part('bias', 0, 'trained'),
      part('mean', 0, 'statistic'),
      part('variance', 1, 'statistic'),
    ];
  },
  write({ epsilon = 1e-3, momentum = 0.9 }, { graph, mode, input, output, parameter }) {
    const statistics = [parameter('mean'), parameter('variance')];
    const inputs = [input, parameter('scale'), parameter('bias'), ...statistics];
    const attributes = { epsilon: float(epsilon), momentum: float(momentum) };
    if (mode === 'inference') {
      graph.op('BatchNormalization', inputs, { output, attributes });
      return;
    }
    graph.ops('BatchNormalization', inputs, [output, ...statistics.map(nextOf)], {
      attributes: { ...attributes, training_mode: int(1) },
    });
  },
});

/** Drops values at random while training; not part of the finished model. */
export const dropout = layerKind({
  schema: Type.Object(
    {
      kind: Type.Literal('dropout'),
      /** Share of values that are dropped. */
      ratio: Type.Number({ minimum: 0, exclusiveMaximum: 1 }),
    },
    { additionalProperties: false },
  ),
  resize: (_, dims) => dims,
  onlyInTraining: true,
  write({ ratio }, { graph, input, output }) {
    const always = graph.constant(tensor('bool', [], new Uint8Array([1])));
    graph.op('Dropout', [input, graph.scalar(ratio), always], { output });
  },
});
