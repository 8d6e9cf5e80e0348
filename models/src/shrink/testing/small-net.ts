import { createGraphBuilder, ints } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { createRandom } from '../../random/random.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { tensor } from '../../tensor/tensor.ts';

const batch = 8;

/**
 * Five layers with He weights, `first` to `last`, and Relu between them. What `narrow` gives spans
 * two orders of magnitude more in one channel than in the others, so that its integers do the most harm;
 * not so where the net is `tame`.
 */
export function smallNet({
  named = true,
  tame = false,
}: {
  readonly named?: boolean;
  readonly tame?: boolean;
} = {}): Model {
  const { normal } = createRandom(11);
  const g = createGraphBuilder({ name: 'small' });
  const weights = (name: string, dims: number[], fanIn: number): string => {
    const length = dims.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, () => normal() * Math.sqrt(2 / fanIn));
    if (!tame && name === 'w_narrow')
      for (let at = 0; at < 72; at++) data[at] = (data[at] ?? 0) * 100;
    // What reads the wide channel hardly listens to it.
    if (!tame && name === 'w_third')
      for (let at = 0; at < length; at += 8 * 9) data.fill(0.0001, at, at + 9);
    return g.initializer(name, tensor('float32', dims, data));
  };
  const pads = { pads: ints([1, 1, 1, 1]) };
  const conv = (x: string, name: string, inputs: number): string => {
    const w = weights(`w_${name}`, [8, inputs, 3, 3], 9 * inputs);
    return g.op('Relu', [g.op('Conv', [x, w], { output: name, attributes: pads })]);
  };
  let x = g.input('x', 'float32', ['n', 1, 10, 10]);
  x = conv(conv(conv(x, 'first', 1), 'narrow', 8), 'third', 8);
  const kernel = { kernel_shape: ints([2, 2]), strides: ints([2, 2]) };
  x = g.op('Flatten', [g.op('MaxPool', [x], { attributes: kernel })]);
  x = g.op('Relu', [g.op('Gemm', [x, weights('w_fourth', [200, 32], 200)], { output: 'fourth' })]);
  g.op('Gemm', [x, weights('w_last', [32, 10], 32)], { output: 'last' });
  g.output('last', 'float32', ['n', 10]);
  const model = g.build();
  if (named) return model;
  const nodes = model.graph.nodes.map((node) => ({ ...node, name: '' }));
  return { ...model, graph: { ...model.graph, nodes } };
}

/** Feeds of eight images each, the same for the same numbers. */
export function smallFeeds(count: number, seed = 1): readonly Feeds[] {
  return Array.from({ length: count }, (_, at) => {
    const { normal } = createRandom(seed, at);
    const data = Float32Array.from({ length: batch * 100 }, () => Math.max(0, normal()));
    return { x: tensor('float32', [batch, 1, 10, 10], data) };
  });
}
