import {
  type BundleFacts,
  encodeGolden,
  manifestName,
  packBundle,
  signatureName,
} from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import {
  goldenFor,
  type Proof,
  planVariants,
  type Scheme,
  type VariantPlan,
} from '@edgewise/models/plan';
import { decodeProfile } from '@edgewise/models/profile';
import type { Feeds } from '@edgewise/models/runtime';
import { modelNames } from '@edgewise/models/train';
import { invariant } from '@edgewise/protocol';
import type { Variant } from '@edgewise/protocol/http';
import { decodeSamples } from '../../datasets/samples.ts';
import { inputOf } from '../model-input.ts';
import type { StepResults } from '../step-results.ts';
import type { StepContext, StepWork } from './context.ts';

/** The oldest agent that runs these bundles. */
const minAgent = '0.1.0';

/** Packs and signs one bundle for each device class. */
export const packVariants: StepWork<StepResults['package']> = async (context, done) => {
  const { job, report } = context;
  const plans = planVariants(job.deviceClasses);
  const proofs = new Map<Scheme, Proof>();
  const variants: Variant[] = [];
  for (const [at, plan] of plans.entries()) {
    report.progress(at / plans.length);
    const proof = proofs.get(plan.scheme) ?? (await proofOf(context, done, plan.scheme));
    proofs.set(plan.scheme, proof);
    variants.push(await pack(context, done, { plan, proof }));
  }
  return { variants };
};

type DoneSteps = Parameters<typeof packVariants>[1];

/** Golden vectors among the inputs that calibrated the graph, which reach the ends of its ranges. */
async function proofOf(
  { blobs, runtime, recipe, signal }: StepContext,
  done: DoneSteps,
  scheme: Scheme,
): Promise<Proof> {
  const { inputs } = decodeSamples(await blobs.get(done.prepare.calibration));
  const dims = [inputs.dims[0] ?? 0, ...recipe.input.shape];
  const candidates = { [modelNames.input]: { ...inputs, dims } } as Feeds;
  const graph = await blobs.get(profiled(done, scheme).graph);
  const topOutput = modelNames.probabilities;
  return await goldenFor(graph, candidates, { runtime, topOutput, signal });
}

async function pack(
  context: StepContext,
  done: DoneSteps,
  { plan, proof }: { readonly plan: VariantPlan; readonly proof: Proof },
): Promise<Variant> {
  const { blobs, signer } = context;
  const { graph, graphBytes, profile, output } = profiled(done, plan.scheme);
  const profileBytes = await blobs.get(profile);
  const files = new Map([
    ['graph.onnx', await blobs.get(graph)],
    ['profile.json', profileBytes],
    ['golden.bin', encodeGolden(proof.golden)],
  ]);
  const facts: BundleFacts = {
    ...factsOf(context, done, plan),
    parity: proof.parity,
    profileOutput: output,
    profile: decodeProfile(profileBytes, { sha256 }).digests,
  };
  const bundle = await packBundle(facts, files, { signer, sha256 });
  for (const bytes of bundle.files.values()) await blobs.put(bytes);
  const sizeOf = (name: string): number => bundle.files.get(name)?.length ?? 0;
  return {
    ...{ deviceClass: plan.deviceClass, scheme: plan.scheme, reason: plan.reason },
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

function profiled(done: DoneSteps, scheme: Scheme): StepResults['profile']['profiles'][number] {
  const found = done.profile.profiles.find((profile) => profile.scheme === scheme);
  invariant(found !== undefined, `There is no profile for ${scheme}.`);
  return found;
}
