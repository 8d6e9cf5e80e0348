/**
 * The weights' gradient of a dense convolution of many channels. With channels as the last axis, all
 * channels of a cell are copied at once, and one operator with a table copies what every window sees.
 */
import { int } from '../../onnx/builder.ts';
import { elementCount, tensor } from '../../tensor/tensor.ts';
import type { Convolution } from './convolution.ts';
import { cellSeen, windowCells } from './window.ts';
import { pad, range, reshape, transpose } from './write.ts';

/** With fewer channels, copies are too short to be worth a table. */
const manyChannels = 16;

/**
 * So many numbers are gathered at most, 32 MiB: with more, one window row at a time is as fast and takes half
 * of the memory. Measured with onnxruntime 1.30 on x64.
 */
const mostGathered = 2 ** 23;

/** Whether rows of channels are long enough, windows see more than a single cell, and memory bears it. */
export function hasLongRows({ batch, inChannels, kernel, output }: Convolution): boolean {
  const seen = elementCount(kernel) * inChannels;
  const gathered = batch * elementCount(output) * seen;
  return inChannels >= manyChannels && seen > inChannels && gathered <= mostGathered;
}

/** The gradient, a product of the output's gradient with the gathered rows. */
export function gatheredRows(convolution: Convolution): string {
  const { graph, source, gradient, batch, inChannels, outChannels, axes } = convolution;
  const { input, output, kernel } = convolution;
  const positions = batch * elementCount(output);
  const flat = reshape(graph, source, [batch, inChannels, elementCount(input)]);
  const rows = transpose(graph, flat, [0, 2, 1]);
  // The padding is one row of zeros behind the others.
  const padded = pad(graph, rows, [0, 0, 0, 0, 1, 0]);
  const table = graph.constant(seenByWindows(convolution));
  const seen = graph.op('Gather', [padded, table], { attributes: { axis: int(1) } });
  const columns = reshape(graph, seen, [positions, elementCount(kernel) * inChannels]);
  const byChannel = transpose(graph, gradient, [1, 0, ...axes]);
  const product = graph.op('MatMul', [
    reshape(graph, byChannel, [outChannels, positions]),
    columns,
  ]);
  const whole = reshape(graph, product, [outChannels, ...kernel, inChannels]);
  const spatial = kernel.length;
  return transpose(graph, whole, [0, spatial + 1, ...range(spatial).map((axis) => axis + 1)]);
}

/** The input cell that each window sees in each of its cells; one past the last for the padding. */
function seenByWindows(convolution: Convolution) {
  const beyond = elementCount(convolution.input);
  const cells = windowCells(convolution.kernel);
  const seen = windowCells(convolution.output).flatMap((place) =>
    cells.map((cell) => cellSeen(convolution, cell, place) ?? beyond),
  );
  return tensor('int32', [seen.length], Int32Array.from(seen));
}
