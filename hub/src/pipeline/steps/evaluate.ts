import { readModel } from '@edgewise/models/onnx';
import { evaluate } from '@edgewise/models/train';
import type { StepResults } from '../step-results.ts';
import type { StepWork } from './context.ts';

/** Measures the float graph on the test part. */
export const evaluateModel: StepWork<StepResults['evaluate']> = async (context, done) => {
  const { blobs, runtime, signal, job } = context;
  const model = readModel(await blobs.get(done.train.model));
  const { test } = await context.data();
  const { accuracy } = await evaluate(model, test, { runtime, signal, threads: job.threads });
  return { accuracy };
};
