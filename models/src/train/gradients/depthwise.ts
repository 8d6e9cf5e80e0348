/**
 * Depthwise convolutions as matrix products. Engines take their channels one by one, each a product with
 * a single row, and their weights' gradient as one pass over memory per window cell. Written as products
 * of whole matrices per channel, with the window's structure in a constant of zeros and ones, they do
 * more multiplications in a fraction of the time. Measured with onnxruntime 1.30 on x64.
 */
import { int } from '../../onnx/builder.ts';
import { elementCount, tensor } from '../../tensor/tensor.ts';
import type { Convolution } from './convolution.ts';
import type { SavedValues } from './rule.ts';
import { at, cellSeen, windowCells } from './window.ts';
import { concat, pad, range, reshape, slice, transpose } from './write.ts';

/** What the forms depend on. */
type Layer = Omit<Convolution, 'gradient'>;

/** Numbers that a constant of zeros and ones may have: beyond, the multiplications take over. */
const largestPlacement = 65_536;

/** Whether every channel meets just its own window. */
export const isDepthwise = ({ groups, inChannels, outChannels }: Layer): boolean =>
  groups === inChannels && groups === outChannels;

/** Whether all input cells of a channel meet all output cells in one small matrix. */
export function isSmallPlane(layer: Layer): boolean {
  const { input, output, kernel } = layer;
  return isDepthwise(layer) && elementCount([...input, ...output, ...kernel]) <= largestPlacement;
}

/**
 * Writes the convolution of a small plane: with X the input as `[channels, batch, cells in]`, and T the
 * weights spread to `[channels, cells in, cells out]`, it is X T. Both are kept for the gradients.
 */
export function writeSmallPlane(
  layer: Layer,
  { output, bias }: { readonly output: string; readonly bias: string },
): SavedValues {
  const { graph, batch, inChannels, kernel } = layer;
  const [cellsIn, cellsOut] = [elementCount(layer.input), elementCount(layer.output)];
  const placement = graph.constant(placementOf(layer));
  const flat = reshape(graph, layer.weight, [inChannels, elementCount(kernel)]);
  const product = graph.op('MatMul', [flat, placement]);
  const spread = reshape(graph, product, [inChannels, cellsIn, cellsOut]);
  const source = byChannel(layer, layer.source, cellsIn);
  let result = graph.op('MatMul', [source, spread]);
  if (bias !== '') result = graph.op('Add', [result, reshape(graph, bias, [inChannels, 1, 1])]);
  const sizes = graph.ints([batch, inChannels, ...layer.output]);
  graph.op('Reshape', [transpose(graph, result, [1, 0, 2]), sizes], { output });
  return { placement, spread, source };
}

/** With Y' the output's gradient in the same form, that of the input is Y' T^t, and of T is X^t Y'. */
export function smallPlaneGradients(
  convolution: Convolution,
  { placement = '', spread = '', source = '' }: SavedValues,
) {
  const { graph, batch, inChannels, input, output, weightDims } = convolution;
  const [cellsIn, cellsOut] = [elementCount(input), elementCount(output)];
  const gradient = byChannel(convolution, convolution.gradient, cellsOut);
  return {
    byInput() {
      const product = graph.op('MatMul', [gradient, transpose(graph, spread, [0, 2, 1])]);
      return reshape(graph, transpose(graph, product, [1, 0, 2]), [batch, inChannels, ...input]);
    },
    byWeight() {
      const product = graph.op('MatMul', [transpose(graph, source, [0, 2, 1]), gradient]);
      const flat = reshape(graph, product, [inChannels, cellsIn * cellsOut]);
      const gathered = graph.op('Gemm', [flat, placement], { attributes: { transB: int(1) } });
      return reshape(graph, gathered, weightDims);
    },
  };
}

function byChannel({ graph, batch, inChannels }: Layer, value: string, cells: number): string {
  return transpose(graph, reshape(graph, value, [batch, inChannels, cells]), [1, 0, 2]);
}

/** 1 where an input cell meets an output cell through a window cell: `[window, in * out]`. */
function placementOf(layer: Layer) {
  const { input, output, kernel } = layer;
  const size = elementCount(input) * elementCount(output);
  const cells = windowCells(kernel);
  const data = new Float32Array(cells.length * size);
  for (const [row, cell] of cells.entries()) {
    for (const [column, place] of windowCells(output).entries()) {
      const seen = cellSeen(layer, cell, place);
      if (seen !== undefined) data[row * size + seen * elementCount(output) + column] = 1;
    }
  }
  return tensor('float32', [cells.length, size], data);
}

/** Whether whole rows can meet: the constant that picks the window's columns out of them is small. */
export function hasShortRows(layer: Layer): boolean {
  const [input = 1, output = 1, kernel = 1] = [layer.input, layer.output, layer.kernel].map(
    (sizes) => sizes.at(-1),
  );
  return isDepthwise(layer) && input * output * kernel <= largestPlacement / 4;
}

/**
 * The weights' gradient from products of rows: for each window row, all input rows that it sees times the
 * output's gradient, `[columns in, columns out]` per channel, of which a window column is a diagonal.
 */
export function rowProducts(convolution: Convolution): string {
  const { graph, batch, inChannels, kernel, input, output, axes, weightDims } = convolution;
  const { strides, dilations, before, after } = convolution;
  const outer = axes.slice(0, -1);
  const outerOf = (sizes: readonly number[]) => sizes.slice(0, -1);
  const width = { in: input.at(-1) ?? 1, out: output.at(-1) ?? 1, kernel: kernel.at(-1) ?? 1 };
  const rows = elementCount(outerOf(output)) * batch;
  const beyond = outerOf(after).map((amount) => Math.max(0, amount));
  const amounts = [0, 0, ...outerOf(before), 0, 0, 0, ...beyond, 0];
  const padded = pad(graph, convolution.source, amounts);
  const source = transpose(graph, padded, [1, 0, ...axes]);
  const turned = transpose(graph, convolution.gradient, [1, 0, ...axes]);
  const gradient = reshape(graph, turned, [inChannels, rows, width.out]);
  const products = windowCells(outerOf(kernel)).map((cell) => {
    const start = cell.map((offset, axis) => offset * at(dilations, axis));
    const end = start.map((first, axis) => first + (at(output, axis) - 1) * at(strides, axis) + 1);
    const steps = outerOf(strides);
    const seen =
      outer.length === 0 ? source : slice(graph, source, { start, end, axes: outer, steps });
    const flat = reshape(graph, seen, [inChannels, rows, width.in]);
    const product = graph.op('MatMul', [transpose(graph, flat, [0, 2, 1]), gradient]);
    return reshape(graph, product, [inChannels, 1, width.in * width.out]);
  });
  const stacked = reshape(graph, concat(graph, products, 1), [
    inChannels * products.length,
    width.in * width.out,
  ]);
  const last = lastAxis(convolution);
  const columns = graph.op('Gemm', [stacked, graph.constant(placementOf(last))], {
    attributes: { transB: int(1) },
  });
  return reshape(graph, columns, weightDims);
}

/** The layer as if its last inner axis were the only one. */
function lastAxis(layer: Convolution): Convolution {
  const last = (sizes: readonly number[]) => sizes.slice(-1);
  const { input, output, kernel, strides, dilations, before, after } = layer;
  return {
    ...layer,
    ...{ input: last(input), output: last(output), kernel: last(kernel) },
    ...{ strides: last(strides), dilations: last(dilations) },
    ...{ before: last(before), after: last(after), axes: range(1).map((axis) => axis + 2) },
  };
}
