/**
 * Quantizes a model in a process of its own, so that its memory can be told: file in, file out,
 * calibrated with images. Prints one JSON object.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { readModel, writeModel } from '@edgewise/models/onnx';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { shrink } from '@edgewise/models/shrink';
import { tensor } from '@edgewise/models/tensor';
import { imageDims } from './mobilenet-v2.ts';

const [source = '', target = '', count = '0', threads = '1'] = process.argv.slice(2);
const startedMs = performance.now();
const model = readModel(readFileSync(source));
const { model: small } = await shrink(model, {
  calibration: images(Number(count)),
  runtime: createOnnxRuntime(),
  threads: Number(threads),
  method: 'minmax',
});
writeFileSync(target, writeModel(small));
const seconds = (performance.now() - startedMs) / 1000;
const writesMs = Array.from({ length: 5 }, () => {
  const writingMs = performance.now();
  writeModel(model);
  return performance.now() - writingMs;
});
const writeMs = writesMs.toSorted((a, b) => a - b)[2];
// The kernel counts in KiB.
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ seconds, peakBytes, writeMs }));

/** The same numbers as in peer.py. */
function* images(total: number) {
  const [channels, rows, columns] = imageDims;
  const length = channels * rows * columns;
  for (let image = 0; image < total; image++) {
    const pixels = new Float32Array(length);
    for (let at = 0; at < length; at++) {
      pixels[at] = ((((image * length + at) % 65_537) * 7919) % 65_537) / 32_768.5 - 1;
    }
    yield { x: tensor('float32', [1, ...imageDims], pixels) };
  }
}
