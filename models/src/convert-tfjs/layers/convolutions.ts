import { int, ints } from '../../onnx/builder.ts';
import { permuted } from '../../tensor/strided.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Channelled, channelled, unchannelled } from '../image.ts';
import { asFloat, type Rule, type Site } from '../site.ts';
import type { Value } from '../value.ts';
import { activated } from './activations.ts';
import { biasOf } from './dense.ts';
import { slide, type Window } from './window.ts';

function windowOf(site: Site, axes: number): Window {
  const { config } = site.layer;
  return {
    kernel: config.sizes('kernel_size', axes),
    strides: config.sizes('strides', axes, 1),
    dilations: config.sizes('dilation_rate', axes, 1),
  };
}

function inputOf(site: Site, axes: number): Channelled & { readonly channels: number } {
  const image = channelled(site, axes + 2, asFloat(site, site.input));
  const channels = image.dims[1] ?? site.refuse('needs a fixed number of channels');
  return { ...image, channels };
}

/** Slides filters, already in ONNX's order, over an image. */
function convolve(
  site: Site,
  image: Channelled,
  call: {
    readonly window: Window;
    readonly filters: string;
    readonly count: number;
    readonly bias?: string | undefined;
    readonly groups?: number;
  },
): Channelled {
  const { dims, attributes } = slide(site, image.dims.slice(2), call.window);
  const inputs = [image.name, call.filters, ...(call.bias === undefined ? [] : [call.bias])];
  const name = site.op('Conv', inputs, {
    ...attributes,
    dilations: ints(call.window.dilations),
    group: int(call.groups ?? 1),
  });
  return { name, dims: [image.dims[0], call.count, ...dims] };
}

function finish(site: Site, image: Channelled): Value {
  return activated(site, { ...unchannelled(site, image), mask: undefined });
}

const named = (site: Site, name: string, value: Tensor | undefined): string | undefined =>
  value === undefined ? undefined : site.constant(name, value);

function convolution(axes: number): Rule {
  return (site) => {
    const image = inputOf(site, axes);
    const window = windowOf(site, axes);
    const count = site.layer.config.number('filters');
    const groups = site.layer.config.number('groups', 1);
    const kernel = site.weight('kernel', [...window.kernel, image.channels / groups, count]);
    // [...window, in, out] becomes [out, in, ...window].
    const order = [axes + 1, axes, ...window.kernel.map((_, axis) => axis)];
    const filters = site.constant('kernel', permuted(kernel, order));
    const bias = named(site, 'bias', biasOf(site, count));
    return finish(site, convolve(site, image, { window, filters, count, bias, groups }));
  };
}

/**
 * [h, w, in, multiplier] becomes [in * multiplier, 1, h, w]. The multiplier is the weight's own:
 * tfjs does not save it with a separable layer.
 */
function depthwiseFilters(site: Site, window: Window, channels: number): Tensor<'float32'> {
  const kernel = site.weight('depthwise_kernel', [...window.kernel, channels, undefined]);
  const turned = permuted(kernel, [2, 3, 0, 1]);
  const count = channels * (kernel.dims[3] ?? 1);
  return tensor('float32', [count, 1, ...window.kernel], turned.data);
}

const depthwise: Rule = (site) => {
  const image = inputOf(site, 2);
  const window = windowOf(site, 2);
  if (window.dilations.some((rate) => rate !== 1)) {
    site.refuse('has a dilation, which Keras applies and tfjs ignores; set dilationRate to 1');
  }
  const kernel = depthwiseFilters(site, window, image.channels);
  const count = kernel.dims[0] ?? 0;
  const filters = site.constant('depthwise_kernel', kernel);
  const bias = named(site, 'bias', biasOf(site, count));
  const groups = image.channels;
  return finish(site, convolve(site, image, { window, filters, count, bias, groups }));
};

const separable: Rule = (site) => {
  const image = inputOf(site, 2);
  const window = windowOf(site, 2);
  const kernel = depthwiseFilters(site, window, image.channels);
  const middle = kernel.dims[0] ?? 0;
  const count = site.layer.config.number('filters');
  const pointwise = site.weight('pointwise_kernel', [1, 1, middle, count]);
  const spread = convolve(site, image, {
    ...{ window, count: middle, groups: image.channels },
    filters: site.constant('depthwise_kernel', kernel),
  });
  const point = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1] };
  const mixed = convolve(site, spread, {
    ...{ window: point, count },
    filters: site.constant('pointwise_kernel', permuted(pointwise, [3, 2, 0, 1])),
    bias: named(site, 'bias', biasOf(site, count)),
  });
  return finish(site, mixed);
};

/** The gradient of a convolution by its input; sizes as Keras infers them ("deconv_length"). */
const transposed: Rule = (site) => {
  const { config } = site.layer;
  const image = inputOf(site, 2);
  const { kernel: sides, strides, dilations } = windowOf(site, 2);
  if (dilations.some((rate) => rate !== 1)) site.refuse('has a dilation; set dilationRate to 1');
  if (config.has('output_padding')) site.refuse('has an outputPadding; tfjs has none');
  const count = config.number('filters');
  const kernel = site.weight('kernel', [...sides, count, image.channels]);
  const isSame = config.word('padding', 'valid') === 'same';
  const surplus = sides.map((side, axis) => side - (strides[axis] ?? 1));
  const cut = surplus.map((cells) => (isSame ? Math.max(0, cells) : 0));
  const before = cut.map((cells) => Math.floor(cells / 2));
  const after = cut.map((cells, axis) => cells - (before[axis] ?? 0));
  const bias = named(site, 'bias', biasOf(site, count));
  const filters = site.constant('kernel', permuted(kernel, [3, 2, 0, 1]));
  const inputs = [image.name, filters, ...(bias === undefined ? [] : [bias])];
  const name = site.op('ConvTranspose', inputs, {
    kernel_shape: ints(sides),
    strides: ints(strides),
    pads: ints([...before, ...after]),
    output_padding: ints(surplus.map((cells) => Math.max(0, -cells))),
  });
  const spatial = image.dims.slice(2).map((size, axis) => {
    if (size === undefined) return undefined;
    return size * (strides[axis] ?? 1) + (isSame ? 0 : Math.max(0, surplus[axis] ?? 0));
  });
  return finish(site, { name, dims: [image.dims[0], count, ...spatial] });
};

/** Layers with filters that slide. */
export const convolutionRules: Readonly<Record<string, Rule>> = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  DepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
  Conv2DTranspose: transposed,
};
