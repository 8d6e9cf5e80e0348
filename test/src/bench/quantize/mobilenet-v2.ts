import { createGraphBuilder, type GraphBuilder } from '@edgewise/models/onnx';
import { createRandom } from '@edgewise/models/random';
import { tensor } from '@edgewise/models/tensor';

/** Sizes of an image: channels, rows, columns. */
export const imageDims = [3, 224, 224] as const;

/** Expansion, width, blocks and first stride of each group (Sandler et al. 2018, table 2). */
const groups = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** MobileNetV2 at full width with 1,000 classes, 14 MB of random weights, without batch normalisation. */
export function mobileNetV2(seed: number) {
  const g = createGraphBuilder({ name: 'mobilenet-v2' });
  const layer = createLayers(g, seed);
  let x = layer(g.input('x', 'float32', [1, ...imageDims]), {
    fan: 3,
    width: 32,
    size: 3,
    stride: 2,
  });
  let fan = 32;
  for (const [expansion, width, blocks, firstStride] of groups) {
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? firstStride : 1;
      const wide = fan * expansion;
      const opened = expansion === 1 ? x : layer(x, { fan, width: wide, size: 1, stride: 1 });
      const mixed = layer(opened, { fan: 1, width: wide, size: 3, stride });
      const closed = layer(mixed, { fan: wide, width, size: 1, stride: 1, linear: true });
      x = stride === 1 && fan === width ? g.op('Add', [x, closed]) : closed;
      fan = width;
    }
  }
  x = layer(x, { fan, width: 1280, size: 1, stride: 1 });
  const flat = g.op('Flatten', [g.op('GlobalAveragePool', [x])]);
  const noise = createRandom(seed, 2);
  const dense = Float32Array.from({ length: 1280 * 1000 }, () => (noise.next() - 0.5) / 10);
  const weight = g.constant(tensor('float32', [1280, 1000], dense));
  g.op('Gemm', [flat, weight, g.constant(tensor('float32', [1000], new Float32Array(1000)))], {
    output: 'y',
  });
  g.output('y', 'float32', [1, 1000]);
  return g.build();
}

interface Layer {
  /** Channels that each output sees; 1 is a depthwise layer. */
  readonly fan: number;
  readonly width: number;
  readonly size: 1 | 3;
  readonly stride: number;
  /** Without ReLU6. */
  readonly linear?: boolean;
}

/** Writes a convolution and its ReLU6; weights keep the spread of what goes through. */
function createLayers(g: GraphBuilder, seed: number) {
  const noise = createRandom(seed, 1);
  const random = (dims: readonly number[], spread: number) => {
    const length = dims.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, () => (noise.next() - 0.5) * spread);
    return g.constant(tensor('float32', dims, data));
  };
  return (x: string, { fan, width, size, stride, linear }: Layer): string => {
    const spread = Math.sqrt(24 / (fan * size * size));
    const weight = random([width, fan, size, size], spread);
    const edge = size === 3 ? 1n : 0n;
    const convolved = g.op('Conv', [x, weight, random([width], 0.5)], {
      attributes: {
        group: { type: 'int', value: BigInt(fan === 1 ? width : 1) },
        pads: { type: 'ints', value: [edge, edge, edge, edge] },
        strides: { type: 'ints', value: [BigInt(stride), BigInt(stride)] },
      },
    });
    return linear === true ? convolved : g.op('Clip', [convolved, g.scalar(0), g.scalar(6)]);
  };
}
