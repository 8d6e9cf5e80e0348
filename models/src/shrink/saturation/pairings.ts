/**
 * Which products ONNX Runtime 1.30 adds in 16 bits before it goes on in 32, by processor and kind of
 * layer (mlas: qgemm, convsym.cpp and the kernels they dispatch to; qlinearconv.cc). Confirmed output
 * by output on emulated processors.
 */
import { intOf } from '../../onnx/edit.ts';
import type { IntegerLayer } from './integer-layers.ts';

/** Processors whose int8 arithmetic can go wrong: without VNNI, without dot product, and with it. */
export const saturationTargets = ['x64', 'arm64', 'arm64-dot'] as const;
export type SaturationTarget = (typeof saturationTargets)[number];

/** Two positions of a sum, in the order of `columnsOf`. */
export type Pair = readonly [first: number, second: number];

/** The pairs of every sum of a layer; none where the target adds each product in 32 bits. */
export function pairingOf(layer: IntegerLayer, target: SaturationTarget): readonly Pair[] {
  const shape = shapeOf(layer);
  // Unsigned weights take kernels that widen each product.
  if (layer.weight.data.dtype !== 'int8') return [];
  if (shape.isDepthwise) return target === 'x64' ? [] : armDepthwise(shape);
  if (target === 'arm64-dot') return [];
  return target === 'x64' ? neighbours(shape.depth) : armPairs(layer, shape);
}

/** What decides which kernel computes a layer. */
interface Shape {
  readonly isConv: boolean;
  readonly isDepthwise: boolean;
  readonly groups: number;
  readonly outputs: number;
  /** Channels that one output reads; of a matrix its rows. */
  readonly channels: number;
  /** Elements of the kernel over one channel. */
  readonly places: number;
  readonly depth: number;
  /** Whether all weights have zero point 0. */
  readonly isSymmetric: boolean;
}

function shapeOf({ node, weight }: IntegerLayer): Shape {
  const isConv = node.op === 'Conv';
  const [first = 1, second = 1, ...kernel] = weight.data.dims;
  const isTransposed = isConv || (node.op === 'Gemm' && intOf(node, 'transB', 0) === 1);
  const [outputs, channels] = isTransposed ? [first, second] : [second, first];
  const places = kernel.reduce((product, size) => product * size, 1);
  const groups = isConv ? intOf(node, 'group', 1) : 1;
  const isDepthwise = isConv && groups > 1 && channels === 1 && outputs === groups;
  const isSymmetric = Array.from(weight.zeros).every((zero) => zero === 0);
  const depth = channels * places;
  return { isConv, isDepthwise, groups, outputs, channels, places, depth, isSymmetric };
}

/** VPMADDUBSW adds neighbours. */
function neighbours(depth: number): readonly Pair[] {
  return Array.from({ length: depth >> 1 }, (_, index): Pair => [2 * index, 2 * index + 1]);
}

/** Fewer channels go through a matrix product. */
const leastChannels = 64;
const channelAlign = 8;

/** SMULL and SMLAL take 8 products and the 8 after them. */
function armPairs({ input }: IntegerLayer, shape: Shape): readonly Pair[] {
  if (!shape.isConv || !shape.isSymmetric) return eightApart(shape.depth, 0);
  const { groups, outputs, channels, places } = shape;
  const isAligned = channels % channelAlign === 0 && outputs % channelAlign === 0;
  if (groups === 1 && places > 1 && channels >= leastChannels && isAligned) {
    const each = Array.from({ length: places }, (_, place) => place * channels);
    return each.flatMap((from) => eightApart(channels, from));
  }
  // Signed codes take a kernel for symmetric weights that widens each product.
  return input.dtype === 'int8' ? [] : eightApart(shape.depth, 0);
}

function eightApart(length: number, from: number): readonly Pair[] {
  const pairs: Pair[] = [];
  for (let k = 0; k + 8 < length; k++) if (k % 16 < 8) pairs.push([from + k, from + k + 8]);
  return pairs;
}

const pairsOfNine: readonly Pair[] = [
  [0, 2],
  [1, 3],
  [4, 6],
  [5, 7],
];

/** Symmetric depthwise kernels take channels in eights; there is one of its own for 9 elements and sixteens. */
function armDepthwise({ groups, places, isSymmetric }: Shape): readonly Pair[] {
  if (groups % channelAlign !== 0 || !isSymmetric) return [];
  return places === 9 && groups % 16 === 0 ? pairsOfNine : neighbours(places);
}
