import { readModel, writeModel } from '@edgewise/models/onnx';
import { planVariants, schemesOf, shrinkFor } from '@edgewise/models/plan';
import type { Feeds } from '@edgewise/models/runtime';
import { modelNames } from '@edgewise/models/train';
import { decodeSamples, type Samples, selectSamples } from '../../datasets/samples.ts';
import type { StepResults } from '../step-results.ts';
import type { StepWork } from './context.ts';

/** Inputs per calibration run; a fourth of the runs is held out to compare ways to shrink. */
const batch = 16;

/** One small graph per scheme that the device classes need. */
export const shrinkModel: StepWork<StepResults['shrink']> = async (context, done) => {
  const { blobs, runtime, signal, job, recipe } = context;
  const { quantized } = done.train;
  const model = readModel(await blobs.get(quantized?.model ?? done.train.model));
  const trained = quantized && {
    weightBits: quantized.weightBits,
    ranges: new Map(Object.entries(quantized.ranges)),
  };
  const samples = decodeSamples(await blobs.get(done.prepare.calibration));
  const wanted = schemesOf(planVariants(job.deviceClasses));
  const graphs: StepResults['shrink']['graphs'][number][] = [];
  for (const [at, scheme] of wanted.entries()) {
    context.report.progress(at / wanted.length);
    const calibration = feedsOf(samples, recipe.input.shape);
    const small = await shrinkFor(model, scheme, {
      ...{ calibration, runtime, signal, method: 'auto' },
      ...(trained && { trained }),
    });
    const bytes = writeModel(small);
    graphs.push({ scheme, graph: await blobs.put(bytes), graphBytes: bytes.length });
  }
  return { graphs };
};

function* feedsOf(samples: Samples, shape: readonly number[]): Generator<Feeds> {
  for (let start = 0; start < samples.labels.length; start += batch) {
    const count = Math.min(batch, samples.labels.length - start);
    const places = Array.from({ length: count }, (_, at) => start + at);
    const { inputs } = selectSamples(samples, places);
    yield { [modelNames.input]: { ...inputs, dims: [count, ...shape] } };
  }
}
