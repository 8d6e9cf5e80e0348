/**
 * Gives every variant its profile vector and what to compare it with. Bins are fitted once, through
 * the float graph; references are counted through each int8 graph that will run, one per cohort of
 * devices: the original population and, after a retraining, the one that had drifted.
 */
import { sha256 } from '@edgewise/models/crypto';
import { type Model, readModel, writeModel } from '@edgewise/models/onnx';
import { optimiseFor, type Scheme } from '@edgewise/models/plan';
import {
  appendProfileHead,
  type Bins,
  countReference,
  createProfile,
  encodeProfile,
  exposeValues,
  fitBins,
  fitPrincipalComponents,
  type PrincipalComponents,
} from '@edgewise/models/profile';
import { modelNames } from '@edgewise/models/train';
import { joinSamples, type Samples, selectSamples } from '../../datasets/samples.ts';
import { inputOf } from '../model-input.ts';
import { outputsOf } from '../outputs-of.ts';
import type { StepResults } from '../step-results.ts';
import type { StepContext, StepWork } from './context.ts';

const profileOutput = 'profile';
/** Principal components of the penultimate activations in a profile vector. */
const components = 8;
/** Held-out samples of a cohort that are counted. */
const cohortSamples = 5000;
/** Samples that components are fitted to. */
const componentSamples = 2000;
/** Fewer samples make no cohort of their own. */
const leastCohort = 100;

/** A population of devices with samples of what it sees. */
interface Cohort {
  readonly name: string;
  readonly samples: Samples;
}

/** One profile per int8 graph. */
export const profileVariants: StepWork<StepResults['profile']> = async (context, done) => {
  const { blobs, report } = context;
  const cohorts = cohortsOf(await context.data());
  const { quantized, model } = done.train;
  const float = readModel(await blobs.get(quantized?.model ?? model));
  const fitted = await fitReference(context, float, cohorts);
  const profiles: StepResults['profile']['profiles'][number][] = [];
  for (const [at, { scheme, graph }] of done.shrink.graphs.entries()) {
    report.progress((at + 1) / (done.shrink.graphs.length + 1));
    const int8 = readModel(await blobs.get(graph));
    const { model } = withHead(context, int8, fitted.components);
    const bytes = writeModel(model);
    const references = await count(context, bytes, { scheme, cohorts, bins: fitted.bins });
    const profile = createProfile(fitted.bins, references, { sha256 });
    profiles.push({
      ...{ scheme, graph: await blobs.put(bytes), graphBytes: bytes.length },
      ...{ profile: await blobs.put(encodeProfile(profile)), output: profileOutput },
    });
  }
  return { profiles };
};

function cohortsOf({
  validation,
  drifted,
}: Awaited<ReturnType<StepContext['data']>>): readonly Cohort[] {
  const original = { name: 'original', samples: spread(validation, cohortSamples) };
  if (drifted.labels.length < leastCohort) return [original];
  return [original, { name: 'drifted', samples: spread(drifted, cohortSamples) }];
}

/** Components and bins from all cohorts, each with the same weight. */
async function fitReference(
  context: StepContext,
  float: Model,
  cohorts: readonly Cohort[],
): Promise<{ readonly bins: Bins; readonly components: PrincipalComponents }> {
  const mixed = mix(cohorts);
  const options = optionsOf(context, 'all');
  const exposed = writeModel(exposeValues(float, [modelNames.features]));
  const { [modelNames.features]: activations } = await outputsOf(
    exposed,
    spread(mixed, componentSamples),
    { ...options, outputs: [modelNames.features] },
  );
  const found = fitPrincipalComponents(activations, { components });
  const { model, features } = withHead(context, float, found);
  const { [profileOutput]: vectors } = await outputsOf(writeModel(model), mixed, {
    ...options,
    outputs: [profileOutput],
  });
  const bins = fitBins(vectors, features, { classes: context.job.classes.length });
  return { bins, components: found };
}

async function count(
  context: StepContext,
  graph: Uint8Array,
  parts: { readonly scheme: Scheme; readonly cohorts: readonly Cohort[]; readonly bins: Bins },
) {
  const options = optionsOf(context, optimiseFor(parts.scheme, context.host));
  const references: ReturnType<typeof countReference>[] = [];
  for (const { name, samples } of parts.cohorts) {
    const { [profileOutput]: features, [modelNames.probabilities]: probabilities } =
      await outputsOf(graph, samples, {
        ...options,
        outputs: [profileOutput, modelNames.probabilities],
      });
    references.push(countReference(parts.bins, { features, probabilities }, { cohort: name }));
  }
  return references;
}

function withHead({ recipe }: StepContext, model: Model, found: PrincipalComponents) {
  return appendProfileHead(model, {
    input: inputOf(recipe),
    penultimate: { name: modelNames.features, components: found },
    probabilities: modelNames.probabilities,
    output: profileOutput,
  });
}

function optionsOf({ runtime, recipe, signal }: StepContext, optimise: 'none' | 'all') {
  return { runtime, shape: recipe.input.shape, optimise, signal };
}

/** Every cohort repeated to the size of the largest. */
function mix(cohorts: readonly Cohort[]): Samples {
  const most = Math.max(...cohorts.map(({ samples }) => samples.labels.length));
  const parts = cohorts.map(({ samples }) => {
    const places = Array.from({ length: most }, (_, at) => at % samples.labels.length);
    return selectSamples(samples, places);
  });
  const { dims = [], dtype = 'uint8' } = parts[0]?.inputs ?? {};
  return joinSamples(parts, { dims: dims.slice(1), dtype });
}

/** At most so many samples, evenly from the whole. */
function spread(samples: Samples, most: number): Samples {
  const { length } = samples.labels;
  const count = Math.min(most, length);
  return selectSamples(
    samples,
    Array.from({ length: count }, (_, at) => Math.floor((at * length) / count)),
  );
}
