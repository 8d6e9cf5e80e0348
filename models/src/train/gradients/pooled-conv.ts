/**
 * A convolution of few channels and the max pool behind it. One wider window sees all that the windows
 * within a pool's window see, and moves from pool to pool; its cells become channels once. The convolution
 * is then one of size 1 over them, and its output comes in parts by place within the pool's window, all
 * first ones, all second ones and so on. The pool is the largest of these, its gradient one comparison for
 * each, and nothing has to be spread out to the convolution's size. Measured with onnxruntime 1.30 on x64.
 */
import { type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import { elementCount, tensor } from '../../tensor/tensor.ts';
import { cellsAsChannels, type SlidingWindow } from './cells-as-channels.ts';
import { sharesOfLargest } from './pool.ts';
import type { GradientRule, OperatorCall } from './rule.ts';
import { at, type WindowGeometry, windowCells, windowGeometry } from './window.ts';
import { concat, integersOf, reshape, split, sum, transpose } from './write.ts';

/**
 * The rule of `PooledConv`: inputs and attributes of the convolution, and `pool_shape`; its outputs are the
 * pooled value and the name of the convolution's own output, of which there are only the sizes.
 */
export const pooledConvRule: GradientRule = {
  forward: (call) => {
    const layer = readLayer(call);
    const { graph, source, inChannels: channels, wide } = layer;
    const seen = cellsAsChannels(graph, { source, channels }, wide);
    const weight = wideWeights(layer);
    const parts = outputByPart(layer, seen, weight);
    graph.op('Max', parts, { output: call.outputs[0] ?? '' });
    return { seen, weight, ...Object.fromEntries(parts.map((part, index) => [index, part])) };
  },
  backward: (call) => {
    const layer = readLayer(call);
    const { seen = '', weight = '' } = call.saved;
    const shares = sharesOfLargest(layer.graph, {
      seen: windowCells(layer.pool).map((_, index) => () => call.saved[index] ?? ''),
      largest: call.outputs[0] ?? '',
      gradient: call.gradient,
    });
    return [
      call.wants(0) ? inputGradient(layer, shares, weight) : undefined,
      call.wants(1) ? weightGradient(layer, shares, seen) : undefined,
      // Every pool hands on all that it gets.
      call.wants(2) ? sum(layer.graph, call.gradient, [0, ...layer.axes]) : undefined,
    ];
  },
};

/** The layer with its sizes; the geometry is the convolution's. */
interface PooledConvolution extends WindowGeometry {
  readonly graph: GraphBuilder;
  /** Names of the input, the weights and the bias, `''` where there is none. */
  readonly source: string;
  readonly weight: string;
  readonly bias: string;
  readonly batch: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly weightDims: readonly number[];
  /** The pool's window and output sizes per spatial axis. */
  readonly pool: readonly number[];
  readonly pooled: readonly number[];
  readonly wide: WideWindow;
}

/** The window over all that a pool's window depends on. */
interface WideWindow extends SlidingWindow {
  /** Input cells at the end of each axis that no window sees. */
  readonly rest: readonly number[];
}

function readLayer(call: OperatorCall): PooledConvolution {
  const [source = '', weight = '', bias = ''] = call.inputs;
  const [output = '', between = ''] = call.outputs;
  const { graph } = call;
  const [batch = 0, inChannels = 0] = call.dims(source);
  const weightDims = call.dims(weight);
  const geometry = windowGeometry({ ...call, outputs: [between] }, weightDims.slice(2));
  const pool = integersOf(call.attributes, 'pool_shape') ?? [];
  const [, outChannels = 0, ...pooled] = call.dims(output);
  const wide = wideWindow(geometry, pool, pooled);
  const sizes = { batch, inChannels, outChannels, weightDims, pool, pooled, wide };
  return { ...geometry, graph, source, weight, bias, ...sizes };
}

function wideWindow(
  { input, kernel, strides, dilations, before }: WindowGeometry,
  pool: readonly number[],
  pooled: readonly number[],
): WideWindow {
  const sizes = kernel.map(
    (size, axis) => (size - 1) * at(dilations, axis) + (at(pool, axis) - 1) * at(strides, axis) + 1,
  );
  const steps = strides.map((stride, axis) => stride * at(pool, axis));
  const after = sizes.map((size, axis) => {
    const reach = (at(pooled, axis) - 1) * at(steps, axis) + size;
    return reach - at(input, axis) - at(before, axis);
  });
  return {
    kernel: sizes,
    strides: steps,
    pads: [...before, ...after.map((amount) => Math.max(0, amount))],
    rest: after.map((amount) => Math.max(0, -amount)),
  };
}

/** The weights where each part has them within the wide window: `[parts * out, in, ...]`. */
function wideWeights(layer: PooledConvolution): string {
  const { graph, weight, inChannels, outChannels, pool, wide } = layer;
  const [parts, size] = [elementCount(pool), elementCount(wide.kernel)];
  const flat = reshape(graph, weight, [outChannels * inChannels, elementCount(layer.kernel)]);
  const product = graph.op('MatMul', [flat, placement(layer)]);
  const spread = reshape(graph, product, [outChannels, inChannels, parts, size]);
  const byPart = transpose(graph, spread, [2, 0, 1, 3]);
  return reshape(graph, byPart, [parts * outChannels, inChannels, ...wide.kernel]);
}

/** 1 where a cell of the window lies in the wide one, part by part: `[cells, parts * wide cells]`. */
function placement({ graph, kernel, strides, dilations, pool, wide }: PooledConvolution): string {
  const [cells, parts] = [windowCells(kernel), windowCells(pool)];
  const size = elementCount(wide.kernel);
  const data = new Float32Array(cells.length * parts.length * size);
  for (const [row, cell] of cells.entries()) {
    for (const [index, part] of parts.entries()) {
      const place = wide.kernel.reduce(
        (flat, length, axis) =>
          flat * length + at(cell, axis) * at(dilations, axis) + at(part, axis) * at(strides, axis),
        0,
      );
      data[(row * parts.length + index) * size + place] = 1;
    }
  }
  return graph.constant(tensor('float32', [cells.length, parts.length * size], data));
}

/** The convolution's output in parts, each of the pool's output sizes. */
function outputByPart(layer: PooledConvolution, seen: string, weight: string): readonly string[] {
  const { graph, bias, inChannels, outChannels, pool, wide } = layer;
  const parts = Array<number>(elementCount(pool)).fill(outChannels);
  const ones = pool.map(() => 1);
  const fan = inChannels * elementCount(wide.kernel);
  const flat = reshape(graph, weight, [parts.length * outChannels, fan, ...ones]);
  const biases =
    bias === ''
      ? []
      : [
          concat(
            graph,
            parts.map(() => bias),
            0,
          ),
        ];
  const attributes = { kernel_shape: ints(ones) };
  const whole = graph.op('Conv', [seen, flat, ...biases], { attributes });
  return split(graph, whole, { axis: 1, sizes: parts });
}

function inputGradient(
  { graph, wide }: PooledConvolution,
  shares: readonly string[],
  weight: string,
): string {
  return graph.op('ConvTranspose', [concat(graph, shares, 1), weight], {
    attributes: {
      kernel_shape: ints(wide.kernel),
      strides: ints(wide.strides),
      pads: ints(wide.pads),
      output_padding: ints(wide.rest),
    },
  });
}

/** Products of each part's gradient with all that the wide window sees, of which a part's cells are taken. */
function weightGradient(layer: PooledConvolution, shares: readonly string[], seen: string): string {
  const { graph, batch, inChannels, outChannels, weightDims, pooled, wide } = layer;
  const [size, places] = [elementCount(wide.kernel), elementCount(pooled)];
  const flat = reshape(graph, seen, [batch, inChannels * size, places]);
  const turned = transpose(graph, flat, [0, 2, 1]);
  const products = shares.map((share) => {
    const rows = reshape(graph, share, [batch, outChannels, places]);
    const product = sum(graph, graph.op('MatMul', [rows, turned]), [0]);
    return reshape(graph, product, [outChannels * inChannels, size]);
  });
  const total = graph.op('Gemm', [concat(graph, products, 1), placement(layer)], {
    attributes: { transB: int(1) },
  });
  return reshape(graph, total, weightDims);
}
