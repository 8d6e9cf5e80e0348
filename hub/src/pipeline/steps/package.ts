import {
  type BundleFacts,
  chooseExtremes,
  encodeGolden,
  type Golden,
  makeGolden,
  manifestName,
  packBundle,
  signatureName,
} from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import { type Model, readModel, writeModel } from '@edgewise/models/onnx';
import { decodeProfile, exposeValues } from '@edgewise/models/profile';
import type { Feeds } from '@edgewise/models/runtime';
import { modelNames } from '@edgewise/models/train';
import { invariant } from '@edgewise/protocol';
import type { Variant } from '@edgewise/protocol/http';
import { decodeSamples } from '../../datasets/samples.ts';
import { inputOf } from '../model-input.ts';
import type { StepResults } from '../step-results.ts';
import { planVariants, type Scheme, type VariantPlan } from '../variant-plan.ts';
import type { StepContext, StepWork } from './context.ts';

/** The oldest agent that runs these bundles. */
const minAgent = '0.1.0';
/** Golden answers whose top class must agree, 0 to 1. */
const topAgreement = 0.9;
/** Steps of 256 by which the widest output may deviate: processors round int8 sums differently. */
const toleratedSteps = 2;

/** A dozen inputs that reach both ends of each layer's range; more would outweigh a small graph. */
const goldenVectors = 12;

/** Packs and signs one bundle for each device class. */
export const packVariants: StepWork<StepResults['package']> = async (context, done) => {
  const { job, report } = context;
  const plans = planVariants(job.deviceClasses);
  const golden = new Map<Scheme, Golden>();
  const variants: Variant[] = [];
  for (const [at, plan] of plans.entries()) {
    report.progress(at / plans.length);
    const vectors = golden.get(plan.scheme) ?? (await goldenOf(context, done, plan.scheme));
    golden.set(plan.scheme, vectors);
    variants.push(await pack(context, done, { plan, golden: vectors }));
  }
  return { variants };
};

type DoneSteps = Parameters<typeof packVariants>[1];

/** Answers of the graph as it is written, so that every device must agree with the same numbers. */
async function goldenOf(
  { blobs, runtime, recipe, signal }: StepContext,
  done: DoneSteps,
  scheme: Scheme,
): Promise<Golden> {
  const { graph } = profiled(done, scheme);
  const { inputs } = decodeSamples(await blobs.get(done.prepare.calibration));
  const dims = [inputs.dims[0] ?? 0, ...recipe.input.shape];
  const candidates = { [modelNames.input]: { ...inputs, dims } } as Feeds;
  const bytes = await blobs.get(graph);
  await using session = await runtime.load(bytes, { optimise: 'none', signal });
  const inner = writeModel(withLayers(readModel(bytes)));
  await using layers = await runtime.load(inner, { optimise: 'none', signal });
  const choose = chooseExtremes(layers, { signal });
  return await makeGolden(session, candidates, { vectors: goldenVectors, choose, signal });
}

/** The graph with what its layers give before it is rounded: where integer sums saturate, it shows. */
function withLayers(model: Model): Model {
  const layers = model.graph.nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm');
  const names = layers.flatMap(({ outputs }) => outputs.slice(0, 1));
  return exposeValues(model, names);
}

async function pack(
  context: StepContext,
  done: DoneSteps,
  { plan, golden }: { readonly plan: VariantPlan; readonly golden: Golden },
): Promise<Variant> {
  const { blobs, signer } = context;
  const { graph, graphBytes, profile, output } = profiled(done, plan.scheme);
  const profileBytes = await blobs.get(profile);
  const files = new Map([
    ['graph.onnx', await blobs.get(graph)],
    ['profile.json', profileBytes],
    ['golden.bin', encodeGolden(golden)],
  ]);
  const facts: BundleFacts = {
    ...factsOf(context, done, plan),
    parity: { tolerance: toleranceOf(golden), topAgreement },
    profileOutput: output,
    profile: decodeProfile(profileBytes, { sha256 }).digests,
  };
  const bundle = await packBundle(facts, files, { signer, sha256 });
  for (const bytes of bundle.files.values()) await blobs.put(bytes);
  const sizeOf = (name: string): number => bundle.files.get(name)?.length ?? 0;
  return {
    deviceClass: plan.deviceClass,
    bundle: bundle.ref,
    accuracy:
      done['evaluate-int8'].accuracies.find(({ scheme }) => scheme === plan.scheme)?.accuracy ?? 0,
    graphBytes,
    bundleBytes: bundle.manifest.sizeBytes + sizeOf(manifestName) + sizeOf(signatureName),
  };
}

function factsOf(
  { job, jobDigest, recipe }: StepContext,
  done: DoneSteps,
  { deviceClass }: VariantPlan,
): Omit<BundleFacts, 'parity'> {
  const parent = job.champion?.variants.find((variant) => variant.deviceClass === deviceClass);
  return {
    ...{ minAgent, model: job.model, version: job.version, deviceClass },
    createdAtMs: job.createdAtMs,
    task: { kind: 'classification', classes: job.classes, output: modelNames.probabilities },
    inputs: [inputOf(recipe)],
    lineage: {
      ...{ recipe: job.recipe, snapshot: job.snapshot, run: jobDigest, model: done.train.model },
      calibration: done.prepare.calibration,
      ...(parent !== undefined && { parent: parent.manifest }),
    },
    window: job.window,
  };
}

/** Two int8 steps of the output that spans most. */
function toleranceOf({ outputs }: Golden): number {
  const spans = Object.values(outputs).map(({ data }) => {
    let low = Infinity;
    let high = -Infinity;
    for (const value of data as Float32Array) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return high - low;
  });
  return (toleratedSteps * Math.max(...spans)) / 256;
}

function profiled(done: DoneSteps, scheme: Scheme): StepResults['profile']['profiles'][number] {
  const found = done.profile.profiles.find((profile) => profile.scheme === scheme);
  invariant(found !== undefined, `There is no profile for ${scheme}.`);
  return found;
}
