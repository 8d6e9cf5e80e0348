import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Random } from '../random/random.ts';
import { type Augmentation, augmentImage, imageLayout } from './augmentation.ts';

const layout = imageLayout([5, 5, 1]);

/** Draws the same place within every range: 0 the low end, 1 the high end. */
const always = (place: number): Random => ({
  next: () => place,
  below: (bound) => Math.floor(place * bound),
  between: (low, high) => low + place * (high - low),
  normal: () => 0,
});

const corner = Uint8Array.from({ length: 25 }, (_, at) => (at === 6 ? 200 : 0));

function augmented(augmentation: Augmentation, place: number): Uint8Array {
  assert.ok(layout !== undefined);
  const target = new Uint8Array(25).fill(9);
  augmentImage(corner, target, { layout, augmentation, random: always(place) });
  return target;
}

const brightest = (image: Uint8Array): number => image.indexOf(Math.max(...image));

test('without limits an image stays as it is', () => {
  assert.deepEqual(augmented({}, 1), corner);
});

test('a shift moves the image by whole and by half pixels', () => {
  const moved = augmented({ shiftPixels: 1 }, 1);
  assert.equal(brightest(moved), 12);
  assert.equal(moved[12], 200);
  const half = augmented({ shiftPixels: 0.5 }, 1);
  assert.deepEqual([half[6], half[7], half[11], half[12]], [50, 50, 50, 50]);
});

test('a rotation turns about the centre', () => {
  const turned = augmented({ rotateDegrees: 90 }, 1);
  assert.equal(turned.filter((value) => value === 200).length, 1);
  assert.equal(brightest(turned), 8);
});

test('contrast scales values and noise stays within the range of bytes', () => {
  assert.equal(augmented({ contrast: { low: 0.5, high: 0.5 } }, 0)[6], 100);
  const noisy = augmented({ noise: 100 }, 1);
  assert.equal(noisy[6], 255);
  assert.equal(noisy[0], 100);
  assert.equal(augmented({ noise: 100 }, 0)[0], 0);
});

test('channels are found in both layouts', () => {
  assert.equal(imageLayout([5, 4, 3], 'hwc')?.channelStride, 1);
  assert.equal(imageLayout([3, 5, 4], 'chw')?.channelStride, 20);
  assert.equal(imageLayout([7]), undefined);
});
