import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeModel } from '@edgewise/models/onnx';
import { runTool } from '../../debian/run-tool.ts';
import type { RunBench } from '../bench.ts';
import { atMost, type BenchResult, printed } from '../result.ts';
import { findPython } from './find-python.ts';
import { mobileNetV2 } from './mobilenet-v2.ts';

const images = 100;
const threads = Math.min(2, availableParallelism());
const bounds = { seconds: 20, peakBytes: 1.5 * 2 ** 30, writeMs: 150 } as const;

interface Measured {
  readonly seconds: number;
  readonly peakBytes: number;
  /** Ours only. */
  readonly writeMs?: number;
}

/** Quantizes a network of MobileNetV2's size, and lets the Python tool do the same where there is one. */
export const benchQuantize: RunBench = async ({ seed, say }) => {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-quantize-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const source = path.join(folder, 'float.onnx');
  await writeFile(source, writeModel(mobileNetV2(seed)));
  const work = [source, path.join(folder, 'int8.onnx'), String(images), String(threads)];
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

  const run = async (file: string, args: readonly string[]): Promise<Measured> =>
    JSON.parse(await runTool(file, [...args, ...work], { cwd: folder })) as Measured;
  const ours = await run(process.execPath, ['--conditions=edgewise:source', here('ours.ts')]);
  const python = await findPython(['onnx', 'onnxruntime.quantization']);
  if (python === undefined) {
    say.fact('the Python tool is skipped: no Python with onnx and onnxruntime (EDGEWISE_PYTHON)');
  }
  const peer = python && (await run(python, [here('peer.py')]));
  return [
    atMost(`seconds for ${images} images`, {
      value: ours.seconds,
      unit: 's',
      bound: bounds.seconds,
    }),
    atMost('memory at its peak', { value: ours.peakBytes, unit: 'B', bound: bounds.peakBytes }),
    atMost('writing the float file, median of five', {
      value: ours.writeMs ?? 0,
      unit: 'ms',
      bound: bounds.writeMs,
    }),
    ...(peer ? besidePeer(ours, peer) : []),
  ];
};

function besidePeer(ours: Measured, peer: Measured): readonly BenchResult[] {
  const figure = { value: ours.seconds, unit: 's', bound: peer.seconds };
  return [
    atMost('seconds beside the Python tool', { ...figure, reference: peer.seconds }),
    printed('memory of the Python tool at its peak', peer.peakBytes, 'B'),
  ];
}
