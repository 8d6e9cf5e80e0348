import Type from 'typebox';
import { type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import { type LayerCall, layerKind, needsImage } from './layer.ts';
import { Size, slideImage, type Window } from './window.ts';

const poolFields = {
  /** Height and width of the window; default 2. */
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
    attributes: { kernel_shape: ints([kernel, kernel]), strides: ints([stride, stride]) },
  });
}

/** The largest value of each window. */
export const maxpool = layerKind({
  schema: Type.Object(
    { kind: Type.Literal('maxpool'), ...poolFields },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => slideImage(dims, poolWindow(layer), dims[0] ?? 0),
  write: (layer, call) => writePool(call.graph, 'MaxPool', layer, call),
});

/** The mean of each window. */
export const avgpool = layerKind({
  schema: Type.Object(
    { kind: Type.Literal('avgpool'), ...poolFields },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => slideImage(dims, poolWindow(layer), dims[0] ?? 0),
  write: (layer, call) => writePool(call.graph, 'AveragePool', layer, call),
});

/** The mean of each channel; gives a flat vector. */
export const globalavgpool = layerKind({
  schema: Type.Object({ kind: Type.Literal('globalavgpool') }, { additionalProperties: false }),
  resize: (_, dims) => needsImage(dims) ?? [dims[0] ?? 0],
  write(_, { graph, input, output }) {
    const mean = graph.op('GlobalAveragePool', [input], { output: `${output}_mean` });
    graph.op('Flatten', [mean], { output, attributes: { axis: int(1) } });
  },
});
