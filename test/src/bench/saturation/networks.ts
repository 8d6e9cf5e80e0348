import { createGraphBuilder, type GraphBuilder, type Model } from '@edgewise/models/onnx';
import { createRandom, type Random } from '@edgewise/models/random';
import type { Runtime } from '@edgewise/models/runtime';
import { shrink } from '@edgewise/models/shrink';
import { convAttributes, type LayerModel, numbers, withLowest } from './layer-models.ts';

const samples = 4;

/** Whole networks, each as u8s8, as s8s8 and with weights of -128. */
export async function* networks(runtime: Runtime, seed: number): AsyncGenerator<LayerModel> {
  const makers: Readonly<Record<string, (random: Random) => Model>> = {
    perceptron,
    separable,
    residual,
  };
  for (const [at, [name, make]] of Object.entries(makers).entries()) {
    const random = createRandom(seed, 1000 + at);
    const float = make(random);
    const [, ...dims] = float.graph.inputs[0]?.dims ?? [];
    const feeds = { x: numbers([samples, ...dims.map(Number)], () => random.next()) };
    for (const activations of ['u8', 's8'] as const) {
      const { model } = await shrink(float, { calibration: [feeds], runtime, activations });
      yield { name: `${name} ${activations}s8`, model, feeds };
      yield { name: `${name} ${activations}s8-lowest`, model: withLowest(model), feeds };
    }
  }
}

/** Three dense layers, the last one float at its end. */
function perceptron(random: Random): Model {
  const graph = createGraphBuilder({ name: 'perceptron' });
  let x = graph.input('x', 'float32', ['N', 48]);
  x = graph.op('Relu', [dense(graph, x, { inputs: 48, outputs: 64, random })]);
  x = graph.op('Relu', [dense(graph, x, { inputs: 64, outputs: 32, random })]);
  return ended(graph, dense(graph, x, { inputs: 32, outputs: 10, random }), 10);
}

/** Depthwise and pointwise layers in turn, as in MobileNet. */
function separable(random: Random): Model {
  const graph = createGraphBuilder({ name: 'separable' });
  let x = graph.input('x', 'float32', ['N', 3, 12, 12]);
  x = conv(graph, x, { inputs: 3, outputs: 16, kernel: 3, random });
  x = conv(graph, x, { inputs: 16, outputs: 16, kernel: 3, group: 16, random });
  x = conv(graph, x, { inputs: 16, outputs: 64, kernel: 1, random });
  x = conv(graph, x, { inputs: 64, outputs: 64, kernel: 3, group: 64, random });
  x = conv(graph, x, { inputs: 64, outputs: 32, kernel: 1, random });
  const flat = graph.op('Flatten', [graph.op('GlobalAveragePool', [x])]);
  return ended(graph, dense(graph, flat, { inputs: 32, outputs: 10, random }), 10);
}

/** Two convolutions around which the value goes on as well. */
function residual(random: Random): Model {
  const graph = createGraphBuilder({ name: 'residual' });
  let x = graph.input('x', 'float32', ['N', 8, 10, 10]);
  x = conv(graph, x, { inputs: 8, outputs: 64, kernel: 3, random });
  const first = conv(graph, x, { inputs: 64, outputs: 64, kernel: 3, pad: 1, random });
  const second = conv(graph, first, { inputs: 64, outputs: 64, kernel: 1, random });
  const flat = graph.op('Flatten', [graph.op('GlobalAveragePool', [graph.op('Add', [x, second])])]);
  return ended(graph, dense(graph, flat, { inputs: 64, outputs: 10, random }), 10);
}

interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
  readonly random: Random;
}

function dense(graph: GraphBuilder, x: string, { inputs, outputs, random }: Sizes): string {
  const weight = numbers([inputs, outputs], () => heavy(random) / inputs);
  const bias = numbers([outputs], () => random.normal() / 10);
  return graph.op('Gemm', [x, graph.constant(weight), graph.constant(bias)]);
}

function conv(
  graph: GraphBuilder,
  x: string,
  {
    inputs,
    outputs,
    random,
    ...how
  }: Sizes & { readonly kernel: number; readonly group?: number; readonly pad?: number },
): string {
  const { kernel, group = 1, pad = 0 } = how;
  const dims = [outputs, inputs / group, kernel, kernel];
  const each = (dims[1] ?? 1) * kernel * kernel;
  const weight = graph.constant(numbers(dims, () => heavy(random) / each));
  const bias = graph.constant(numbers([outputs], () => random.normal() / 10));
  return graph.op('Relu', [
    graph.op('Conv', [x, weight, bias], { attributes: convAttributes(group, pad) }),
  ]);
}

/** Four of ten weights are at an end of their range. */
const heavy = (random: Random): number =>
  random.next() < 0.4 ? (random.next() < 0.5 ? -2 : 2) : random.normal();

function ended(graph: GraphBuilder, value: string, outputs: number): Model {
  graph.op('Identity', [value], { output: 'y' });
  graph.output('y', 'float32', ['N', outputs]);
  return graph.build();
}
