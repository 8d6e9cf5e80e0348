import { augmentImage, imageLayout } from './augment-image.ts';
import { augmentNumbers } from './augment-numbers.ts';
import type { Augment, Augmentation } from './augmentation.ts';

/** How samples of a shape are varied. */
export function createAugment(
  input: { readonly shape: readonly number[]; readonly layout?: 'hwc' | 'chw' },
  augmentation: Augmentation,
): Augment {
  const { shape, layout: order = 'hwc' } = input;
  const layout = imageLayout(shape, order);
  if (layout !== undefined) {
    return (source, target, random) =>
      augmentImage(source, target, { layout, augmentation, random });
  }
  const [first = 1, second = 1] = shape;
  const isSeries = shape.length === 2;
  const series =
    order === 'hwc' ? { steps: first, channels: second } : { steps: second, channels: first };
  const sizes = isSeries ? series : { steps: 1, channels: first };
  const strides =
    order === 'hwc' || !isSeries
      ? { stepStride: sizes.channels, channelStride: 1 }
      : { stepStride: 1, channelStride: sizes.steps };
  const numbers = { ...sizes, ...strides };
  return (source, target, random) =>
    augmentNumbers(source, target, { layout: numbers, augmentation, random });
}
