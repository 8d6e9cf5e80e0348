import Type from 'typebox';
import { int, ints } from '../../onnx/builder.ts';
import { type LayerCall, layerKind } from './layer.ts';
import { Size, slide, slideImage, type Window } from './window.ts';

const Padding = Type.Enum(['same', 'valid']);

const shared = {
  /** Height and width of the window. */
  kernel: Size,
  stride: Type.Optional(Size),
  /** `same` (default): as many positions as input / stride, rounded up; `valid`: no padding. */
  padding: Type.Optional(Padding),
  bias: Type.Optional(Type.Boolean()),
};

function writeConvolution(
  call: LayerCall,
  window: Window & { readonly groups: number; readonly bias: boolean },
): void {
  const { kernel, stride = 1, dilation = 1 } = window;
  const [, height = 0, width = 0] = call.dims;
  const [rows, columns] = [slide(height, window), slide(width, window)];
  const bias = window.bias ? [call.parameter('bias')] : [];
  call.graph.op('Conv', [call.input, call.parameter('weight'), ...bias], {
    output: call.output,
    attributes: {
      kernel_shape: ints([kernel, kernel]),
      strides: ints([stride, stride]),
      dilations: ints([dilation, dilation]),
      pads: ints([rows.before, columns.before, rows.after, columns.after]),
      group: int(window.groups),
    },
  });
}

/** A convolution over images, with a bias for each filter. */
export const conv = layerKind({
  schema: Type.Object(
    {
      kind: Type.Literal('conv'),
      filters: Type.Integer({ minimum: 1, maximum: 4096 }),
      ...shared,
      groups: Type.Optional(Type.Integer({ minimum: 1 })),
      dilation: Type.Optional(Size),
    },
    { additionalProperties: false },
  ),
  resize(layer, dims) {
    const { filters, groups = 1 } = layer;
    const [channels = 0] = dims;
    if (dims.length === 3 && (channels % groups !== 0 || filters % groups !== 0)) {
      return { misfit: `groups ${groups} must divide ${channels} channels and ${filters} filters` };
    }
    return slideImage(dims, layer, filters);
  },
  parameters({ filters, kernel, groups = 1, bias = true }, [channels = 0]) {
    const fanIn = (channels / groups) * kernel * kernel;
    const dims = [filters, channels / groups, kernel, kernel];
    return [
      { name: 'weight', dims, start: { fanIn }, role: 'trained' },
      ...(bias ? [biasOf(filters)] : []),
    ];
  },
  write: (layer, call) =>
    writeConvolution(call, { ...layer, groups: layer.groups ?? 1, bias: layer.bias ?? true }),
});

/** A convolution of each channel by itself, with a bias for each result. */
export const depthwise = layerKind({
  schema: Type.Object(
    { kind: Type.Literal('depthwise'), ...shared },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => slideImage(dims, layer, dims[0] ?? 0),
  parameters({ kernel, bias = true }, [channels = 0]) {
    const dims = [channels, 1, kernel, kernel];
    return [
      { name: 'weight', dims, start: { fanIn: kernel * kernel }, role: 'trained' },
      ...(bias ? [biasOf(channels)] : []),
    ];
  },
  write: (layer, call) =>
    writeConvolution(call, { ...layer, groups: call.dims[0] ?? 1, bias: layer.bias ?? true }),
});

const biasOf = (size: number) =>
  ({ name: 'bias', dims: [size], start: { fill: 0 }, role: 'trained' }) as const;
