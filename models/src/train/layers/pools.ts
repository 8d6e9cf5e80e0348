import Type from 'typebox';
import { type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import { type LayerCall, layerKind } from './layer.ts';
import { Size, slideOver, type Window } from './window.ts';

const poolFields = {
  /** Size of the window along every inner axis; default 2. */
  size: Type.Optional(Size),
  /** Default: the window's size. */
  stride: Type.Optional(Size),
};

interface Pool {
  readonly size?: number;
  readonly stride?: number;
}

const poolWindow = ({ size = 2, stride = size }: Pool): Window => ({
  kernel: size,
  stride,
  padding: 'valid',
});

function writePool(graph: GraphBuilder, op: string, layer: Pool, call: LayerCall): void {
  const { kernel, stride = kernel } = poolWindow(layer);
  graph.op(op, [call.input], {
    output: call.output,
    attributes: {
      kernel_shape: ints(call.dims.slice(1).map(() => kernel)),
      strides: ints(call.dims.slice(1).map(() => stride)),
    },
  });
}

/** The largest value of each window. */
export const maxpool = layerKind({
  schema: Type.Object(
    { kind: Type.Literal('maxpool'), ...poolFields },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => slideOver(dims, poolWindow(layer), dims[0] ?? 0),
  write: (layer, call) => writePool(call.graph, 'MaxPool', layer, call),
});

/** The mean of each window. */
export const avgpool = layerKind({
  schema: Type.Object(
    { kind: Type.Literal('avgpool'), ...poolFields },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => slideOver(dims, poolWindow(layer), dims[0] ?? 0),
  write: (layer, call) => writePool(call.graph, 'AveragePool', layer, call),
});

/** The mean of each channel of an image or a series; gives a flat vector. */
export const globalavgpool = layerKind({
  schema: Type.Object({ kind: Type.Literal('globalavgpool') }, { additionalProperties: false }),
  resize: (_, dims) =>
    dims.length > 1 ? [dims[0] ?? 0] : { misfit: 'it needs an image or a series, not a vector' },
  write(_, { graph, input, output }) {
    const mean = graph.op('GlobalAveragePool', [input], { output: `${output}_mean` });
    graph.op('Flatten', [mean], { output, attributes: { axis: int(1) } });
  },
});

/** The largest value of each channel of an image or a series; gives a flat vector. */
export const globalmaxpool = layerKind({
  schema: Type.Object({ kind: Type.Literal('globalmaxpool') }, { additionalProperties: false }),
  resize: (_, dims) =>
    dims.length > 1 ? [dims[0] ?? 0] : { misfit: 'it needs an image or a series, not a vector' },
  write(_, { graph, input, dims, output }) {
    const most = graph.op('MaxPool', [input], {
      output: `${output}_most`,
      attributes: { kernel_shape: ints(dims.slice(1)), strides: ints(dims.slice(1)) },
    });
    graph.op('Flatten', [most], { output, attributes: { axis: int(1) } });
  },
});
