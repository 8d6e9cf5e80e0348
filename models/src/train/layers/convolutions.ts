import Type, { type Static } from 'typebox';
import { int, ints } from '../../onnx/builder.ts';
import { type LayerCall, layerKind, needsImage, needsSeries, type Parameter } from './layer.ts';
import { Size, slide, slideOver, type Window } from './window.ts';

const Padding = Type.Enum(['same', 'valid']);

const shared = {
  /** Size of the window along every inner axis. */
  kernel: Size,
  stride: Type.Optional(Size),
  /** `same` (default): as many positions as input / stride, rounded up; `valid`: no padding. */
  padding: Type.Optional(Padding),
  bias: Type.Optional(Type.Boolean()),
};

interface Convolution extends Window {
  readonly groups: number;
  readonly bias: boolean;
}

/** Names of the parameters where a layer has more than one convolution. */
interface ParameterNames {
  readonly weight: string;
  readonly bias: string;
}
const plainNames: ParameterNames = { weight: 'weight', bias: 'bias' };

function writeConvolution(call: LayerCall, window: Convolution, names = plainNames): void {
  const { kernel, stride = 1, dilation = 1 } = window;
  const inner = call.dims.slice(1);
  const slides = inner.map((size) => slide(size, window));
  const bias = window.bias ? [call.parameter(names.bias)] : [];
  const everywhere = (value: number) => ints(inner.map(() => value));
  call.graph.op('Conv', [call.input, call.parameter(names.weight), ...bias], {
    output: call.output,
    attributes: {
      kernel_shape: everywhere(kernel),
      strides: everywhere(stride),
      dilations: everywhere(dilation),
      pads: ints([...slides.map(({ before }) => before), ...slides.map(({ after }) => after)]),
      group: int(window.groups),
    },
  });
}

const fullFields = {
  filters: Type.Integer({ minimum: 1, maximum: 4096 }),
  ...shared,
  groups: Type.Optional(Type.Integer({ minimum: 1 })),
  dilation: Type.Optional(Size),
};
const FullFields = Type.Object(fullFields);
type Full = Static<typeof FullFields>;

function resizeFull(layer: Full, dims: readonly number[]) {
  const { filters, groups = 1 } = layer;
  const [channels = 0] = dims;
  if (channels % groups !== 0 || filters % groups !== 0) {
    return { misfit: `groups ${groups} must divide ${channels} channels and ${filters} filters` };
  }
  return slideOver(dims, layer, filters);
}

function fullParameters(
  { filters, kernel, groups = 1, bias = true }: Full,
  [channels = 0, ...inner]: readonly number[],
): readonly Parameter[] {
  const window = inner.map(() => kernel);
  const dims = [filters, channels / groups, ...window];
  const fanIn = dims.slice(1).reduce((product, size) => product * size, 1);
  return [
    { name: 'weight', dims, start: { fanIn }, role: 'trained' },
    ...(bias ? [biasOf(filters)] : []),
  ];
}

const writeFull = (layer: Full, call: LayerCall): void =>
  writeConvolution(call, { ...layer, groups: layer.groups ?? 1, bias: layer.bias ?? true });

/** A convolution over images, with a bias for each filter. */
export const conv = layerKind({
  schema: Type.Object(
    { kind: Type.Literal('conv'), ...fullFields },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => needsImage(dims) ?? resizeFull(layer, dims),
  parameters: fullParameters,
  write: writeFull,
});

/** A convolution over the steps of a series, with a bias for each filter. */
export const conv1d = layerKind({
  schema: Type.Object(
    { kind: Type.Literal('conv1d'), ...fullFields },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => needsSeries(dims) ?? resizeFull(layer, dims),
  parameters: fullParameters,
  write: writeFull,
});

/** A convolution of each channel of an image or a series by itself, with a bias for each result. */
export const depthwise = layerKind({
  schema: Type.Object(
    { kind: Type.Literal('depthwise'), ...shared },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => slideOver(dims, layer, dims[0] ?? 0),
  parameters: ({ kernel, bias = true }, dims) => depthwiseParameters(kernel, bias, dims),
  write: (layer, call) =>
    writeConvolution(call, { ...layer, groups: call.dims[0] ?? 1, bias: layer.bias ?? true }),
});

/** A convolution of each channel by itself and one of size 1 over all channels, with a bias for each filter. */
export const separable = layerKind({
  schema: Type.Object(
    {
      kind: Type.Literal('separable'),
      filters: Type.Integer({ minimum: 1, maximum: 4096 }),
      ...shared,
    },
    { additionalProperties: false },
  ),
  resize: (layer, dims) => slideOver(dims, layer, layer.filters),
  parameters({ filters, kernel, bias = true }, dims) {
    const [weight] = depthwiseParameters(kernel, false, dims);
    const [channels = 0, ...inner] = dims;
    const point = [filters, channels, ...inner.map(() => 1)];
    return [
      ...(weight === undefined ? [] : [{ ...weight, name: 'depthwise' }]),
      { name: 'pointwise', dims: point, start: { fanIn: channels }, role: 'trained' },
      ...(bias ? [biasOf(filters)] : []),
    ];
  },
  write(layer, call) {
    const { filters, bias = true } = layer;
    const [channels = 0] = call.dims;
    const between = `${call.output}_channels`;
    const apart = { ...layer, groups: channels, bias: false };
    writeConvolution({ ...call, output: between }, apart, { ...plainNames, weight: 'depthwise' });
    const dims = slideOver(call.dims, layer, filters) as readonly number[];
    const joined = { kernel: 1, groups: 1, bias };
    const names = { ...plainNames, weight: 'pointwise' };
    writeConvolution({ ...call, input: between, dims }, joined, names);
  },
});

function depthwiseParameters(
  kernel: number,
  bias: boolean,
  [channels = 0, ...inner]: readonly number[],
): readonly Parameter[] {
  const window = inner.map(() => kernel);
  const fanIn = window.reduce((product, size) => product * size, 1);
  return [
    { name: 'weight', dims: [channels, 1, ...window], start: { fanIn }, role: 'trained' },
    ...(bias ? [biasOf(channels)] : []),
  ];
}

function biasOf(size: number): Parameter {
  return { name: 'bias', dims: [size], start: { fill: 0 }, role: 'trained' };
}
