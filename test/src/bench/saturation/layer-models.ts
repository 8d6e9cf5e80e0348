import { createGraphBuilder, type Model } from '@edgewise/models/onnx';
import { createRandom, type Random } from '@edgewise/models/random';
import type { Feeds, Runtime } from '@edgewise/models/runtime';
import { shrink } from '@edgewise/models/shrink';
import { type Tensor, tensor } from '@edgewise/models/tensor';

/** An int8 model and inputs for it. */
export interface LayerModel {
  readonly name: string;
  readonly model: Model;
  readonly feeds: Feeds;
}

interface Shape {
  readonly op: 'Conv' | 'Gemm' | 'MatMul';
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel?: number;
  readonly group?: number;
  readonly pad?: number;
  /** Whether its output stays float. */
  readonly isFloat?: boolean;
}

/** Kernels are chosen by kind, by channels in eights and sixteens, and by how many there are. */
const shapes: readonly Shape[] = [
  { op: 'MatMul', inputs: 64, outputs: 16 },
  { op: 'MatMul', inputs: 64, outputs: 16, isFloat: true },
  { op: 'MatMul', inputs: 37, outputs: 5 },
  { op: 'Gemm', inputs: 64, outputs: 16 },
  { op: 'Gemm', inputs: 30, outputs: 9, isFloat: true },
  { op: 'Conv', inputs: 16, outputs: 16, kernel: 1 },
  { op: 'Conv', inputs: 64, outputs: 24, kernel: 1 },
  { op: 'Conv', inputs: 3, outputs: 8, kernel: 3 },
  { op: 'Conv', inputs: 16, outputs: 32, kernel: 3 },
  { op: 'Conv', inputs: 64, outputs: 16, kernel: 3 },
  { op: 'Conv', inputs: 72, outputs: 12, kernel: 3 },
  { op: 'Conv', inputs: 64, outputs: 16, kernel: 3, pad: 1 },
  { op: 'Conv', inputs: 16, outputs: 16, kernel: 3, group: 2 },
  { op: 'Conv', inputs: 8, outputs: 8, kernel: 3, group: 8 },
  { op: 'Conv', inputs: 16, outputs: 16, kernel: 3, group: 16 },
  { op: 'Conv', inputs: 24, outputs: 24, kernel: 5, group: 24 },
];

/** How weights lie in their range: all at its ends, even, or few near the ends. */
const spreads = {
  ends: (random: Random) => (random.next() < 0.5 ? -1 : 1),
  even: (random: Random) => 2 * random.next() - 1,
  normal: (random: Random) => random.normal() / 4,
} as const;

/** How int8 is chosen, and whether weights reach -128, which our own scales never give. */
const schemes = [
  { name: 'u8s8', activations: 'u8' },
  { name: 's8s8', activations: 's8' },
  { name: 'u8s8-reduced', activations: 'u8', reduceRange: true },
  { name: 'u8s8-lowest', activations: 'u8', lowest: true },
  { name: 's8s8-lowest', activations: 's8', lowest: true },
] as const;

/** One layer each: every shape with every spread of weights and every scheme. */
export async function* layerModels(runtime: Runtime, seed: number): AsyncGenerator<LayerModel> {
  let stream = 0;
  for (const shape of shapes) {
    for (const spread of Object.keys(spreads) as (keyof typeof spreads)[]) {
      for (const { name, ...scheme } of schemes) {
        const random = createRandom(seed, ++stream);
        const { model: float, feeds } = layerOf(shape, spread, random);
        const options = { calibration: [feeds], runtime, ...scheme };
        const { model } = await shrink(float, options);
        const lowest = 'lowest' in scheme ? withLowest(model) : model;
        yield { name: `${nameOf(shape)} ${spread} ${name}`, model: lowest, feeds };
      }
    }
  }
}

function nameOf({ op, inputs, outputs, kernel, group, pad, isFloat }: Shape): string {
  const size = kernel && `${kernel}x${kernel}`;
  const parts = [op, `${inputs}->${outputs}`, size, group && `in ${group} groups`, pad && 'padded'];
  return [...parts, isFloat && 'to float'].filter((part) => part !== undefined).join(' ');
}

function layerOf(shape: Shape, spread: keyof typeof spreads, random: Random) {
  const { op, inputs, outputs, kernel = 1, group = 1, pad = 0, isFloat } = shape;
  const graph = createGraphBuilder({ name: 'layer' });
  const isConv = op === 'Conv';
  const side = isConv ? 6 : 1;
  const dims = isConv ? [4, inputs, side, side] : [16, inputs];
  const x = graph.input('x', 'float32', ['N', ...dims.slice(1)]);
  const weightDims = isConv ? [outputs, inputs / group, kernel, kernel] : [inputs, outputs];
  const weight = graph.constant(numbers(weightDims, () => spreads[spread](random)));
  const attributes = isConv ? { attributes: convAttributes(group, pad) } : {};
  if (isFloat === true) graph.op(op, [x, weight], { ...attributes, output: 'y' });
  else graph.op('Relu', [graph.op(op, [x, weight], attributes)], { output: 'y' });
  graph.output('y', 'float32', ['N']);
  // A third of the numbers at each end, where pairs of products are largest.
  const feeds = { x: numbers(dims, () => ends(random.next(), random.next())) };
  return { model: graph.build(), feeds };
}

/** Attributes of a square convolution. */
export const convAttributes = (group: number, pad: number) =>
  ({
    group: { type: 'int', value: BigInt(group) },
    pads: { type: 'ints', value: new Array<bigint>(4).fill(BigInt(pad)) },
  }) as const;

const ends = (where: number, inside: number): number =>
  where < 1 / 3 ? 0 : where < 2 / 3 ? 1 : inside;

/** A tensor of these sizes, number by number. */
export function numbers(dims: readonly number[], make: () => number): Tensor<'float32'> {
  const length = dims.reduce((product, size) => product * size, 1);
  return tensor('float32', dims, Float32Array.from({ length }, make));
}

/** The same file with weights near the lower end of their range at its very end. */
export function withLowest(model: Model): Model {
  const initializers = new Map(
    [...model.graph.initializers].map(([name, value]) => {
      if (value.dtype !== 'int8' || value.dims.length < 2) return [name, value];
      const codes = Int8Array.from(value.data as Int8Array, (code) => (code < -100 ? -128 : code));
      return [name, tensor('int8', value.dims, codes)];
    }),
  );
  return { ...model, graph: { ...model.graph, initializers } };
}
