import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import { calibrate } from './calibrate/calibrate.ts';
import type { Ranges } from './calibrate/ranges.ts';
import { prepare } from './prepare.ts';
import type { QuantizeOptions } from './quantize/options.ts';
import { type QuantizeReport, quantize } from './quantize/quantize.ts';

/** How a model is shrunk; default per channel, uint8 activations, full range. */
export interface ShrinkOptions extends Partial<QuantizeOptions> {
  /** Inputs that are like those the model will see: a few hundred. */
  readonly calibration: Iterable<Feeds> | AsyncIterable<Feeds>;
  readonly runtime: Runtime;
  readonly signal?: AbortSignal;
}

/** An int8 model and how it came about. */
export interface Shrunk {
  readonly model: Model;
  readonly report: ShrinkReport;
}

/** What shrinking did, with the sizes of both files. */
export interface ShrinkReport extends QuantizeReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** What calibration saw, by value of the prepared float graph. */
  readonly ranges: Ranges;
}

/**
 * A float model in int8: tidied, dead nodes dropped, batch normalisation folded, calibrated and
 * quantized; per channel, with uint8 activations and full range, unless told otherwise.
 */
export async function shrink(model: Model, options: ShrinkOptions): Promise<Shrunk> {
  const { calibration, runtime, signal } = options;
  const prepared = prepare(model);
  const ranges = await calibrate(prepared, calibration, runtime, {
    method: 'minmax',
    ...(signal && { signal }),
  });
  const { model: small, report } = quantize(prepared, ranges, {
    activations: options.activations ?? 'u8',
    perChannel: options.perChannel ?? true,
    reduceRange: options.reduceRange ?? false,
    ...(options.exclude && { exclude: options.exclude }),
  });
  const bytesBefore = writeModel(model).length;
  const bytesAfter = writeModel(small).length;
  return { model: small, report: { ...report, bytesBefore, bytesAfter, ranges } };
}
