import { optimiseFor } from '@edgewise/models/plan';
import { accuracyOf, classify } from '../score.ts';
import type { StepResults } from '../step-results.ts';
import type { StepWork } from './context.ts';

/** Measures every int8 graph on the test part. */
export const evaluateInt8: StepWork<StepResults['evaluate-int8']> = async (context, done) => {
  const { blobs, runtime, signal, job, recipe, host, report } = context;
  const { test } = await context.data();
  const { graphs } = done.shrink;
  const accuracies: StepResults['evaluate-int8']['accuracies'][number][] = [];
  for (const [at, { scheme, graph }] of graphs.entries()) {
    const answers = await classify(await blobs.get(graph), test, {
      ...{ runtime, signal, threads: job.threads, shape: recipe.input.shape },
      optimise: optimiseFor(scheme, host),
      onProgress: (share) => report.progress((at + share) / graphs.length),
    });
    accuracies.push({ scheme, accuracy: accuracyOf(answers, test.labels) });
  }
  return { accuracies };
};
