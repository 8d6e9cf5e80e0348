import { int, ints } from '../../onnx/builder.ts';
import { elementCount } from '../../tensor/tensor.ts';
import { cellsAsChannels, fewChannels } from './cells-as-channels.ts';
import type { Convolution } from './convolution.ts';
import {
  hasShortRows,
  isDepthwise,
  isSmallPlane,
  rowProducts,
  smallPlaneGradients,
  writeSmallPlane,
} from './depthwise.ts';
import { gatheredRows, hasLongRows } from './gathered-rows.ts';
import type { BackwardCall, GradientRule, OperatorCall } from './rule.ts';
import { at, cellRange, paddingOf, windowCells, windowGeometry } from './window.ts';
import { concat, integerOf, pad, range, reshape, slice, sum, transpose } from './write.ts';

/** Conv over any number of spatial axes, with groups, strides, pads and dilations. */
export const convRules: Readonly<Record<'Conv', GradientRule>> = {
  Conv: {
    forward: (call) => {
      const layer = readConvolution(call, '');
      const [, , bias = ''] = call.inputs;
      const [output = ''] = call.outputs;
      if (isSmallPlane(layer)) return writeSmallPlane(layer, { output, bias });
      const attributes = Object.fromEntries(call.attributes);
      call.graph.op('Conv', call.inputs, { output, attributes });
      return {};
    },
    backward: (call) => {
      const convolution = readConvolution(call, call.gradient);
      const { byInput, byWeight } = gradientsOf(call, convolution);
      return [
        call.wants(0) ? byInput() : undefined,
        call.wants(1) ? byWeight() : undefined,
        call.wants(2) ? sum(call.graph, call.gradient, [0, ...convolution.axes]) : undefined,
      ];
    },
  },
};

function gradientsOf(call: BackwardCall, convolution: Convolution) {
  if (isSmallPlane(convolution)) return smallPlaneGradients(convolution, call.saved);
  return {
    byInput: () => inputGradient(convolution),
    byWeight: () => weightGradient(convolution),
  };
}

function readConvolution(call: OperatorCall, gradient: string): Convolution {
  const [source = '', weight = ''] = call.inputs;
  const { graph } = call;
  const [batch = 0, inChannels = 0] = call.dims(source);
  const weightDims = call.dims(weight);
  const groups = integerOf(call.attributes, 'group', 1);
  const outChannels = at(weightDims, 0);
  const geometry = windowGeometry(call, weightDims.slice(2));
  const names = { graph, source, weight, gradient };
  return { ...geometry, ...names, batch, inChannels, outChannels, groups, weightDims };
}

/** How the gradient of the weights is computed; all give the same numbers at different speed. */
type WeightGradientStrategy = keyof typeof weightGradients;

/**
 * Measured with onnxruntime 1.30 on x64: matrix products over what windows see win for dense layers, which
 * is gathered as rows of channels where these are long, and cell by cell where they are few; products of
 * rows (or, where rows are long, plain sums per window cell) win for depthwise layers, and only other
 * groupings are left to a convolution of input with gradient.
 */
function weightGradientStrategy(convolution: Convolution): WeightGradientStrategy {
  if (convolution.groups === 1) return denseStrategy(convolution);
  if (!isDepthwise(convolution)) return 'correlation';
  return hasShortRows(convolution) ? 'rowProducts' : 'cells';
}

function denseStrategy(convolution: Convolution): WeightGradientStrategy {
  if (hasLongRows(convolution)) return 'gatheredRows';
  const isPoint = convolution.kernel.every((size) => size === 1);
  return convolution.inChannels > fewChannels || isPoint ? 'columns' : 'cellColumns';
}

/** The derivative by the weights. */
export function weightGradient(convolution: Convolution): string {
  return weightGradients[weightGradientStrategy(convolution)](convolution);
}

const weightGradients = {
  gatheredRows,
  cellColumns,
  columns,
  correlation,
  cells,
  rowProducts,
} as const satisfies Readonly<Record<string, (of: Convolution) => string>>;

/** For few channels: products of the output's gradient with what each window cell sees, image by image. */
function cellColumns(convolution: Convolution): string {
  const { graph, source, batch, inChannels, outChannels, kernel, output } = convolution;
  const { strides, dilations, before, after, weightDims } = convolution;
  const pads = [...before, ...after.map((amount) => Math.max(0, amount))];
  const window = { kernel, strides, dilations, pads };
  const seen = cellsAsChannels(graph, { source, channels: inChannels }, window);
  const places = elementCount(output);
  const columns = reshape(graph, seen, [batch, inChannels * elementCount(kernel), places]);
  const gradient = reshape(graph, convolution.gradient, [batch, outChannels, places]);
  const products = graph.op('MatMul', [gradient, transpose(graph, columns, [0, 2, 1])]);
  return reshape(graph, sum(graph, products, [0]), weightDims);
}

/** So few gathered rows are multiplied at once: products of fewer rows waste the processor's width. */
const fewRows = 32;

/**
 * Gathers what each window cell sees as rows, and multiplies them with the output's gradient. One
 * product per window row keeps the gathered rows within the processor's cache.
 */
function columns(convolution: Convolution): string {
  const { graph, batch, inChannels, outChannels, kernel, output, axes } = convolution;
  const positions = output.reduce((product, size) => product * size, batch);
  const padded = pad(graph, convolution.source, paddingOf(convolution));
  const byChannel = transpose(graph, padded, [1, 0, ...axes]);
  const swapped = transpose(graph, convolution.gradient, [1, 0, ...axes]);
  const gradient = reshape(graph, swapped, [outChannels, positions]);
  const rows = windowCells(kernel).map((cell) =>
    reshape(graph, slice(graph, byChannel, cellRange(convolution, cell)), [inChannels, positions]),
  );
  const isNarrow = rows.length * inChannels <= fewRows;
  const width = isNarrow ? rows.length : (kernel.at(-1) ?? 1);
  const products = range(rows.length / width).map((row) => {
    const gathered = concat(graph, rows.slice(row * width, (row + 1) * width), 0);
    return graph.op('Gemm', [gathered, gradient], { attributes: { transB: int(1) } });
  });
  const spatial = kernel.length;
  const joined = reshape(graph, concat(graph, products, 0), [...kernel, inChannels, outChannels]);
  return transpose(graph, joined, [spatial + 1, spatial, ...range(spatial)]);
}

/** Convolves the input with the output's gradient; batch and channels change places. */
function correlation(convolution: Convolution): string {
  const { graph, batch, inChannels, outChannels, groups, kernel, input, output, axes } =
    convolution;
  const perGroup = inChannels / groups;
  const inner = axes.map((axis) => axis + 1);
  const split = reshape(graph, convolution.source, [batch, groups, perGroup, ...input]);
  const images = reshape(graph, transpose(graph, split, [2, 1, 0, ...inner]), [
    perGroup,
    groups * batch,
    ...input,
  ]);
  const windows = transpose(graph, convolution.gradient, [1, 0, ...axes]);
  const after = convolution.after.map((amount) => Math.max(0, amount));
  const result = graph.op('Conv', [images, windows], {
    attributes: {
      kernel_shape: ints(output),
      strides: ints(convolution.dilations),
      dilations: ints(convolution.strides),
      pads: ints([...convolution.before, ...after]),
      group: int(groups),
    },
  });
  const steps = axes.map(() => 1);
  const exact = slice(graph, result, { start: axes.map(() => 0), end: kernel, axes, steps });
  const isExact = convolution.after.every((amount) => amount >= 0);
  return reshape(graph, transpose(graph, isExact ? result : exact, [1, 0, ...axes]), [
    outChannels,
    perGroup,
    ...kernel,
  ]);
}

/** One sum per window cell: depthwise only, where every channel meets just its own gradient. */
function cells(convolution: Convolution): string {
  const { graph, outChannels, kernel, axes, weightDims } = convolution;
  const padded = pad(graph, convolution.source, paddingOf(convolution));
  const sums = windowCells(kernel).map((cell) => {
    const seen = slice(graph, padded, cellRange(convolution, cell));
    const total = sum(graph, graph.op('Mul', [seen, convolution.gradient]), [0, ...axes]);
    return reshape(graph, total, [outChannels, 1]);
  });
  return reshape(graph, concat(graph, sums, 1), weightDims);
}

/**
 * With stride 1 a convolution with flipped weights, which uses all threads; measured like the above. Where
 * a layer widens, ConvTranspose is 3 % faster on one thread, but 8 % slower on two.
 */
function inputGradient(convolution: Convolution): string {
  const pads = flippedPads(convolution);
  return pads === undefined ? transposed(convolution) : flipped(convolution, pads);
}

/** Pads of the convolution with flipped weights, or `undefined` where strides rule it out. */
function flippedPads({ kernel, strides, dilations, before, after }: Convolution) {
  const mirror = (amounts: readonly number[]): number[] =>
    kernel.map((size, axis) => (size - 1) * at(dilations, axis) - at(amounts, axis));
  const pads = [...mirror(before), ...mirror(after)];
  const fits = strides.every((stride) => stride === 1) && pads.every((amount) => amount >= 0);
  return fits ? pads : undefined;
}

/** With stride 1 the gradient is again a convolution: weights mirrored, channels exchanged. */
function flipped(convolution: Convolution, pads: readonly number[]): string {
  const { graph, inChannels, outChannels, groups, kernel, axes } = convolution;
  const [outOfGroup, inOfGroup] = [outChannels / groups, inChannels / groups];
  const split = [groups, outOfGroup, inOfGroup, ...kernel];
  const joined = [inChannels, outOfGroup, ...kernel];
  const inner = axes.map((axis) => axis + 1);
  const depthwise = outOfGroup === 1 && inOfGroup === 1;
  let weight = convolution.weight;
  if (groups === 1) weight = transpose(graph, weight, [1, 0, ...axes]);
  else if (!depthwise) {
    const exchanged = transpose(graph, reshape(graph, weight, split), [0, 2, 1, ...inner]);
    weight = reshape(graph, exchanged, joined);
  }
  if (kernel.some((size) => size > 1)) {
    weight = slice(graph, weight, {
      start: kernel.map(() => -1),
      end: kernel.map((size) => -size - 1),
      axes,
      steps: kernel.map(() => -1),
    });
  }
  return graph.op('Conv', [convolution.gradient, weight], {
    attributes: {
      kernel_shape: ints(kernel),
      dilations: ints(convolution.dilations),
      pads: ints(pads),
      group: int(groups),
    },
  });
}

/** The general case: ConvTranspose is by definition the gradient of Conv by its input. */
function transposed(convolution: Convolution): string {
  const { graph, kernel, strides, dilations, before, after, groups } = convolution;
  return graph.op('ConvTranspose', [convolution.gradient, convolution.weight], {
    attributes: {
      kernel_shape: ints(kernel),
      strides: ints(strides),
      dilations: ints(dilations),
      pads: ints([...before, ...after.map((amount) => Math.max(0, amount))]),
      output_padding: ints(after.map((amount) => Math.max(0, -amount))),
      group: int(groups),
    },
  });
}
