import { optimiseFor, planVariants } from '@edgewise/models/plan';
import { judgeChallenger } from '../../retrain/gate.ts';
import type { Champion } from '../job.ts';
import { accuracyOf, classify } from '../score.ts';
import type { StepResults } from '../step-results.ts';
import type { StepContext, StepWork } from './context.ts';
import { firstReport, gateReport } from './gate-report.ts';

/** Judges the new version against the champion, both as the int8 graphs that devices run. */
export const judge: StepWork<StepResults['gate']> = async (context, done) => {
  const { champion, kind } = context.job;
  const int8 = done['evaluate-int8'].accuracies;
  const accuracy = { fp32: done.evaluate.accuracy, int8 };
  if (champion === null) return firstReport(accuracy);
  const contest = await hold(context, done, champion);
  if (contest === undefined) return firstReport(accuracy);
  const { pairs, golden } = contest;
  return gateReport(judgeChallenger({ pairs, golden }), { kind, accuracy });
};

interface Contest {
  readonly pairs: { readonly championIsRight: boolean; readonly challengerIsRight: boolean }[];
  readonly golden: {
    readonly champion: number;
    readonly challenger: number;
    readonly samples: number;
  };
}

/** Both models on the same held-out data; `undefined` when they share no device class. */
async function hold(
  context: StepContext,
  done: Parameters<typeof judge>[1],
  champion: Champion,
): Promise<Contest | undefined> {
  const { job, host } = context;
  const shared = planVariants(job.deviceClasses).filter(({ deviceClass }) =>
    champion.variants.some((variant) => variant.deviceClass === deviceClass),
  );
  const plan = shared.find(({ deviceClass }) => deviceClass === host) ?? shared[0];
  const mine = done.shrink.graphs.find(({ scheme }) => scheme === plan?.scheme);
  const theirs = champion.variants.find(({ deviceClass }) => deviceClass === plan?.deviceClass);
  if (plan === undefined || mine === undefined || theirs === undefined) return undefined;
  const { gate, validation } = await context.data();
  const optimise = optimiseFor(plan.scheme, host);
  const answers = async (graph: string, samples: typeof gate) =>
    classify(await context.blobs.get(graph), samples, {
      ...{ runtime: context.runtime, signal: context.signal, threads: job.threads },
      ...{ shape: context.recipe.input.shape, optimise },
    });
  const [challengerGate, championGate] = [
    await answers(mine.graph, gate),
    await answers(theirs.graph, gate),
  ];
  context.report.progress(0.3);
  return {
    pairs: [...gate.labels].map((label, at) => ({
      championIsRight: championGate[at] === label,
      challengerIsRight: challengerGate[at] === label,
    })),
    golden: {
      champion: accuracyOf(await answers(theirs.graph, validation), validation.labels),
      challenger: accuracyOf(await answers(mine.graph, validation), validation.labels),
      samples: validation.labels.length,
    },
  };
}
