import { figureOf } from '../demo/follow.ts';
import type { RunBench } from './bench.ts';
import { atLeast, atMost, printed } from './result.ts';

/** Reads the figures off a version that a hub has made by its own pipeline. */
export const benchDigits: RunBench = async ({ stage }) => {
  const { version } = await stage();
  const { variants, imagesPerSecond } = version;
  const fp32 = {
    accuracy: figureOf(version.fp32.accuracy),
    graphBytes: figureOf(version.fp32.graphBytes),
  };
  return [
    atLeast('fp32 accuracy on 10,000 test images', {
      value: fp32.accuracy,
      unit: 'share',
      bound: 0.985,
    }),
    printed('fp32 graph', fp32.graphBytes, 'bytes'),
    printed('images per second within the pipeline', imagesPerSecond, 'images/s'),
    ...variants.flatMap(({ deviceClass, accuracy, graphBytes, bundleBytes }) => [
      atMost(`${deviceClass}: int8 loss of accuracy`, {
        value: fp32.accuracy - figureOf(accuracy),
        unit: 'share',
        bound: 0.003,
      }),
      atMost(`${deviceClass}: int8 graph of the fp32 file`, {
        value: graphBytes / fp32.graphBytes,
        unit: 'share',
        bound: 0.28,
      }),
      atMost(`${deviceClass}: bundle of the fp32 file`, {
        value: bundleBytes / fp32.graphBytes,
        unit: 'share',
        bound: 0.35,
      }),
    ]),
  ];
};
