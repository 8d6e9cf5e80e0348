import { type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import { tensor } from '../../tensor/tensor.ts';
import type { BackwardCall, GradientRule } from './rule.ts';
import {
  at,
  cellRange,
  paddingOf,
  tiles,
  type WindowGeometry,
  windowCells,
  windowGeometry,
} from './window.ts';
import { concat, floatType, integerOf, integersOf, pad, reshape, slice } from './write.ts';

/** MaxPool, AveragePool and GlobalAveragePool over any number of spatial axes. */
export const poolRules: Readonly<
  Record<'MaxPool' | 'AveragePool' | 'GlobalAveragePool', GradientRule>
> = {
  MaxPool: { backward: (call) => [maxPoolGradient(call)] },
  AveragePool: { backward: (call) => [averagePoolGradient(call)] },
  GlobalAveragePool: {
    backward: (call) => {
      const spatial = call.dims(call.inputs[0] ?? '').slice(2);
      const count = spatial.reduce((product, size) => product * size, 1);
      const share = tensor('float32', [1, 1, ...spatial], new Float32Array(count).fill(1 / count));
      return [call.graph.op('Mul', [call.gradient, call.graph.constant(share)])];
    },
  },
};

function maxPoolGradient(call: BackwardCall): string {
  const { graph } = call;
  const geometry = poolGeometry(call);
  const seen = tiles(geometry) ? largestUpTo(call, geometry) : seenBy(call, geometry);
  const shares = sharesOfLargest(graph, {
    seen: windowCells(geometry.kernel).map((cell) => () => seen(cell)),
    largest: call.outputs[0] ?? '',
    gradient: call.gradient,
  });
  return tiles(geometry) ? interleave(call, geometry, shares) : scatter(call, geometry, shares);
}

/**
 * The gradient of a window goes to its first largest cell, also where several are equal (blank
 * parts of an image): what an earlier cell took is subtracted, and the last cell takes the rest.
 */
export function sharesOfLargest(
  graph: GraphBuilder,
  windows: {
    /** Writes what each cell of the windows sees. */
    readonly seen: readonly (() => string)[];
    /** The largest that each window sees, and the derivative by it. */
    readonly largest: string;
    readonly gradient: string;
  },
): readonly string[] {
  const { seen, largest } = windows;
  let rest = windows.gradient;
  return seen.map((cell, index) => {
    if (index === seen.length - 1) return rest;
    const hit = graph.op('Equal', [cell(), largest]);
    const mask = graph.op('Cast', [hit], { attributes: { to: int(floatType) } });
    const share = graph.op('Mul', [mask, rest]);
    rest = graph.op('Sub', [rest, share]);
    return share;
  });
}

type ByCell = (cell: readonly number[]) => string;

/** What a cell of every window sees. */
function seenBy(call: BackwardCall, geometry: WindowGeometry): ByCell {
  const { graph } = call;
  const amounts = paddingOf(geometry);
  const padded = pad(graph, call.inputs[0] ?? '', amounts, Number.NEGATIVE_INFINITY);
  return (cell) => slice(graph, padded, cellRange(geometry, cell));
}

/**
 * The largest of the cells above and before a cell, itself included. Where no earlier cell has the largest
 * value, it is that value exactly if the cell has it; and engines pool faster than they slice in steps.
 */
function largestUpTo(call: BackwardCall, { strides }: WindowGeometry): ByCell {
  const { graph } = call;
  return (cell) =>
    graph.op('MaxPool', [call.inputs[0] ?? ''], {
      attributes: { kernel_shape: ints(cell.map((offset) => offset + 1)), strides: ints(strides) },
    });
}

function averagePoolGradient(call: BackwardCall): string {
  const geometry = poolGeometry(call);
  const share = call.graph.op('Mul', [call.gradient, inverseCounts(call, geometry)]);
  const cells = windowCells(geometry.kernel).map(() => share);
  return tiles(geometry) ? interleave(call, geometry, cells) : scatter(call, geometry, cells);
}

function poolGeometry(call: BackwardCall): WindowGeometry {
  return windowGeometry(call, integersOf(call.attributes, 'kernel_shape') ?? []);
}

/** 1 / (cells that a window averages), per output position; border windows may see fewer. */
function inverseCounts(call: BackwardCall, geometry: WindowGeometry): string {
  const { graph } = call;
  const { kernel, output } = geometry;
  const whole = kernel.reduce((product, size) => product * size, 1);
  const counted = integerOf(call.attributes, 'count_include_pad', 0) === 1;
  const pads = integersOf(call.attributes, 'pads') ?? kernel.flatMap(() => [0, 0]);
  const perAxis = output.map((size, axis) =>
    Array.from({ length: size }, (_, position) => {
      const low = counted ? -at(geometry.before, axis) : 0;
      const high = at(geometry.input, axis) + (counted ? at(pads, kernel.length + axis) : 0);
      return cellsInside(geometry, { axis, position, low, high });
    }),
  );
  const counts = perAxis.reduce<number[]>(
    (product, list) => product.flatMap((left) => list.map((right) => left * right)),
    [1],
  );
  if (counts.every((count) => count === whole)) return graph.scalar(1 / whole);
  const inverse = Float32Array.from(counts, (count) => 1 / count);
  return graph.constant(tensor('float32', [1, 1, ...output], inverse));
}

function cellsInside(
  { kernel, strides, dilations, before }: WindowGeometry,
  span: {
    readonly axis: number;
    readonly position: number;
    readonly low: number;
    readonly high: number;
  },
): number {
  const { axis, position, low, high } = span;
  const first = position * at(strides, axis) - at(before, axis);
  let inside = 0;
  for (let cell = 0; cell < at(kernel, axis); cell++) {
    const place = first + cell * at(dilations, axis);
    if (place >= low && place < high) inside++;
  }
  return inside;
}

/** Lays the shares of all window cells side by side: exact when windows tile the input. */
function interleave(
  call: BackwardCall,
  { kernel, output, input }: WindowGeometry,
  shares: readonly string[],
): string {
  const { graph } = call;
  const [batch = 0, channels = 0] = call.dims(call.inputs[0] ?? '');
  let parts = shares;
  for (let axis = kernel.length - 1; axis >= 0; axis--) {
    const size = at(kernel, axis);
    const done = input.slice(axis + 1);
    const shape = [batch, channels, ...output.slice(0, axis + 1), 1, ...done];
    const columns = parts.map((part) => reshape(graph, part, shape));
    parts = Array.from({ length: parts.length / size }, (_, group) => {
      const joined = concat(graph, columns.slice(group * size, (group + 1) * size), axis + 3);
      return reshape(graph, joined, [
        batch,
        channels,
        ...output.slice(0, axis),
        ...input.slice(axis),
      ]);
    });
  }
  return parts[0] ?? '';
}

/** Adds the share of each window cell to the input cell it saw; windows may overlap or leave gaps. */
function scatter(call: BackwardCall, geometry: WindowGeometry, shares: readonly string[]): string {
  const { graph } = call;
  const { kernel, output, strides, dilations, before, after } = geometry;
  const [batch = 0, channels = 0] = call.dims(call.inputs[0] ?? '');
  const cells = shares.length;
  const columns = shares.map((share) => reshape(graph, share, [batch, channels, 1, ...output]));
  const stacked = reshape(graph, concat(graph, columns, 2), [batch, channels * cells, ...output]);
  const place = new Float32Array(channels * cells * cells);
  for (let row = 0; row < channels * cells; row++) place[row * cells + (row % cells)] = 1;
  const weight = graph.constant(tensor('float32', [channels * cells, 1, ...kernel], place));
  return graph.op('ConvTranspose', [stacked, weight], {
    attributes: {
      kernel_shape: ints(kernel),
      strides: ints(strides),
      dilations: ints(dilations),
      pads: ints([...before, ...after.map((amount) => Math.max(0, amount))]),
      output_padding: ints(after.map((amount) => Math.max(0, -amount))),
      group: int(channels),
    },
  });
}
