import { FleetError } from '@edgewise/protocol';
import { ints } from '../onnx/builder.ts';
import type { HeadWriter } from './head-writer.ts';

/** How an image lies in its tensor. */
export interface ImageLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly isChannelsFirst: boolean;
}

/** [height, width], or with at most 4 colours first or last. Throws `invalid-argument` for other sizes. */
export function layoutOf(dims: readonly number[]): ImageLayout {
  const [a = 0, b = 0, c = 0] = dims;
  const last = { height: a, width: b, isChannelsFirst: false };
  if (dims.length === 2) return { ...last, channels: 1 };
  if (dims.length === 3 && a <= 4) {
    return { height: b, width: c, channels: a, isChannelsFirst: true };
  }
  if (dims.length === 3 && c <= 4) return { ...last, channels: c };
  throw new FleetError('invalid-argument', `An image of [${dims.join(', ')}] has no known layout.`);
}

/** Side of the patches whose means give the range: single pixels would sit at 0 and 255 for ever. */
const patch = 4;

/** The means of square patches of planes [batch, planes, height, width]. */
export function patchMeans(
  writer: HeadWriter,
  plane: string,
  [height, width]: readonly [number, number],
): string {
  const side = Math.min(patch, height, width);
  const square = ints([side, side]);
  return writer.op('AveragePool', [plane], { kernel_shape: square, strides: square });
}
