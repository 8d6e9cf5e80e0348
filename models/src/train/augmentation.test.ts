import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Random } from '../random/random.ts';
import { imageLayout } from './augment-image.ts';
import type { Augmentation } from './augmentation.ts';
import { createAugment } from './create-augment.ts';

/** Draws the same place within every range: 0 the low end, 1 the high end. */
const always = (place: number): Random => ({
  next: () => place,
  below: (bound) => Math.floor(place * bound),
  between: (low, high) => low + place * (high - low),
  normal: () => 0,
});

const corner = Uint8Array.from({ length: 25 }, (_, at) => (at === 6 ? 200 : 0));

function augmented(augmentation: Augmentation, place: number): Uint8Array {
  const target = new Uint8Array(25).fill(9);
  createAugment({ shape: [5, 5, 1] }, augmentation)(corner, target, always(place));
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

test('a mirrored image has left and right exchanged', () => {
  assert.equal(brightest(augmented({ mirror: true }, 0)), 8);
  assert.equal(brightest(augmented({ mirror: true }, 0.9)), 6);
});

test('a rectangle of an image is hidden, at most the given share of both sides', () => {
  const white = new Uint8Array(50).fill(200);
  const target = new Uint8Array(50);
  createAugment({ shape: [5, 5, 2] }, { mask: 0.5 })(white, target, always(0.9));
  const hidden = [...target.keys()].filter((at) => target[at] === 0);
  assert.deepEqual(hidden, [36, 37, 38, 39, 46, 47, 48, 49]);
});

/** Channel 0 counts 1 to 6, channel 1 ten times that. */
const rows = Float32Array.from(
  { length: 12 },
  (_, at) => ((at >> 1) + 1) * (at % 2 === 0 ? 1 : 10),
);
const columns = Float32Array.from([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60]);

for (const [layout, source] of [
  ['hwc', rows],
  ['chw', columns],
] as const) {
  const shape = layout === 'hwc' ? [6, 2] : [2, 6];
  const channelsOf = (values: Float32Array) =>
    [0, 1].map((channel) =>
      [0, 1, 2, 3, 4, 5].map((step) =>
        layout === 'hwc' ? values[2 * step + channel] : values[6 * channel + step],
      ),
    );
  const varied = (augmentation: Augmentation, place: number) => {
    const target = new Float32Array(12);
    createAugment({ shape, layout }, augmentation)(source, target, always(place));
    return channelsOf(target);
  };

  test(`a series in ${layout} is moved in time, scaled, offset and hidden`, () => {
    assert.deepEqual(varied({ shiftSteps: 2 }, 0.99)[0], [1, 1, 1, 2, 3, 4]);
    assert.deepEqual(varied({ shiftSteps: 2 }, 0)[1], [30, 40, 50, 60, 60, 60]);
    assert.deepEqual(varied({ contrast: { low: 1, high: 3 } }, 1)[0], [3, 6, 9, 12, 15, 18]);
    assert.deepEqual(varied({ drift: 0.5 }, 0)[1], [9.5, 19.5, 29.5, 39.5, 49.5, 59.5]);
    assert.deepEqual(varied({ mask: 0.5 }, 0.6), [
      [1, 2, 3, 0, 0, 6],
      [10, 20, 30, 0, 0, 60],
    ]);
  });
}

test('numbers of a vector are hidden one by one', () => {
  const source = Float32Array.of(1, 2, 3, 4);
  const target = new Float32Array(4);
  createAugment({ shape: [4] }, { mask: 0.5, noise: 0.25 })(source, target, always(0.6));
  assert.deepEqual(
    [...target].map((value) => value.toFixed(2)),
    ['1.05', '2.05', '3.05', '4.05'],
  );
  createAugment({ shape: [4] }, { mask: 0.5 })(source, target, always(0.4));
  assert.deepEqual([...target], [0, 0, 0, 0]);
});
