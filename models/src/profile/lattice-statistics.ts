import type { ModelInput } from '../bundle/manifest.ts';
import { int, ints } from '../onnx/builder.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { type Columns, integers, reshaped } from './columns.ts';
import { floatInput } from './float-input.ts';
import type { HeadWriter } from './head-writer.ts';
import { type ImageLayout, patchMeans } from './image-layout.ts';

/** Lines of the lattice, at most. */
const mostLines = 32;

/**
 * Mean, spread, range and gradients of the grey of every so many-th pixel: one strided convolution
 * over the lines that count gives it, and how much the pixels right of it and below it differ from
 * it. Where a run is short every node counts, so all planes are reduced together and one product
 * picks the columns.
 */
export function latticeStatistics(
  writer: HeadWriter,
  input: ModelInput,
  layout: ImageLayout,
): readonly Columns[] {
  const { height, width, channels, isChannelsFirst } = layout;
  const every = Math.ceil(Math.max(height, width) / mostLines);
  const steps = (length: number): number => Math.floor((length - 2) / every) + 1;
  const [rows, columns] = [steps(height), steps(width)];
  // Colours that come last are columns of one plane.
  const perPixel = isChannelsFirst ? 1 : channels;
  const planes = isChannelsFirst ? channels : 1;
  const image = reshaped(writer, input.name, [-1, planes, height, width * perPixel]);
  const lines = Array.from({ length: rows }, (_, row) => [row * every, row * every + 1]).flat();
  const taken = writer.op('Gather', [image, writer.constant(integers(lines))], { axis: int(2) });
  const weights = lookingAt({ planes, perPixel, channels }, 1 / Math.sqrt(rows * columns));
  const looked = writer.op(
    'Conv',
    [floatInput(writer, { ...input, name: taken }), writer.constant(weights)],
    { kernel_shape: ints([2, 2 * perPixel]), strides: ints([2, every * perPixel]) },
  );
  const whole = [2, 3];
  const means = writer.reduce('ReduceMean', looked, whole);
  const center = writer.op('Mul', [means, writer.constant(onlySpread)]);
  const lengths = writer.reduce('ReduceL2', writer.op('Sub', [looked, center]), whole);
  const patches = patchMeans(writer, looked, [rows, columns]);
  const joined = writer.op(
    'Concat',
    [
      means,
      lengths,
      writer.reduce('ReduceMin', patches, whole),
      writer.reduce('ReduceMax', patches, whole),
    ],
    { axis: int(1) },
  );
  const flat = writer.op('Flatten', [joined], { axis: int(1) });
  return [{ value: writer.op('MatMul', [flat, writer.constant(picked())]), names: latticeNames }];
}

/** What the convolution gives for each pixel of the lattice: its grey, and three to take lengths of. */
const lookedAt = ['grey', 'spread', 'right', 'below'] as const;
type LookedAt = (typeof lookedAt)[number];

/** The spread is taken around the mean, differences of neighbours around zero. */
const onlySpread = tensor('float32', [1, 4, 1, 1], Float32Array.of(0, 1, 0, 0));

const latticeNames = ['mean', 'spread', 'low', 'high', 'gradient-x', 'gradient-y'];

/** Picks the columns from mean, length, low and high of each plane: [16, 6]. */
function picked(): Tensor<'float32'> {
  const taken: readonly (readonly ['mean' | 'length' | 'low' | 'high', LookedAt])[] = [
    ['mean', 'grey'],
    ['length', 'spread'],
    ['low', 'grey'],
    ['high', 'grey'],
    ['length', 'right'],
    ['length', 'below'],
  ];
  const kinds = ['mean', 'length', 'low', 'high'];
  const weights = new Float32Array(kinds.length * lookedAt.length * taken.length);
  taken.forEach(([kind, plane], column) => {
    const row = kinds.indexOf(kind) * lookedAt.length + lookedAt.indexOf(plane);
    weights[row * taken.length + column] = 1;
  });
  return tensor('float32', [kinds.length * lookedAt.length, taken.length], weights);
}

interface Look {
  readonly planes: number;
  readonly perPixel: number;
  readonly channels: number;
}

/**
 * Weights [4, planes, 2, 2 * perPixel] on a pixel, the one right of it and the one below it. All but
 * the grey are divided by the root of their number, so that a length is a root mean square.
 */
function lookingAt({ planes, perPixel, channels }: Look, share: number): Tensor<'float32'> {
  const seen: Readonly<Record<LookedAt, { pixel: number; right: number; below: number }>> = {
    grey: { pixel: 1, right: 0, below: 0 },
    spread: { pixel: share, right: 0, below: 0 },
    right: { pixel: -share, right: share, below: 0 },
    below: { pixel: -share, right: 0, below: share },
  };
  const weights = lookedAt.flatMap((plane) => {
    const { pixel, right, below } = seen[plane];
    const block = [pixel, right, below, 0].flatMap((weight) =>
      new Array<number>(perPixel).fill(weight / channels),
    );
    return Array.from({ length: planes }, () => block).flat();
  });
  return tensor('float32', [lookedAt.length, planes, 2, 2 * perPixel], Float32Array.from(weights));
}
