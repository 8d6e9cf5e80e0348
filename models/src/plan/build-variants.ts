import { FleetError } from '@edgewise/protocol';
import { sliceVectors, vectorCount } from '../bundle/vectors.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import { goldenFor, type Proof } from './golden-for.ts';
import { optimiseFor, planVariants, type Scheme, type VariantPlan } from './plan.ts';
import { type ShrinkForOptions, shrinkFor } from './shrink-for.ts';

/** What variants are built with. */
export interface BuildVariantsOptions extends Pick<ShrinkForOptions, 'method' | 'trained'> {
  readonly deviceClasses: readonly VariantPlan['deviceClass'][];
  /** Inputs like those the model will see, first axis vectors: they calibrate and become golden. */
  readonly calibration: Feeds;
  readonly runtime: Runtime;
  /** Class of the machine that builds: it decides how graphs are measured here. */
  readonly host: VariantPlan['deviceClass'];
  /** Output whose largest element is the answer; absent for tasks without classes. */
  readonly topOutput?: string;
  /** Measures a graph on an evaluation set, 0 to 1; without it variants have no expected accuracy. */
  readonly measure?: (graph: Uint8Array, how: { optimise: 'none' | 'all' }) => Promise<number>;
  /** Called after each class with how many are built and how many there will be. */
  readonly onBuilt?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/** A model built for one device class, with why, how large, how good and how to prove it. */
export interface BuiltVariant extends VariantPlan, Proof {
  /** The ONNX file. */
  readonly graph: Uint8Array;
  /** Share of the evaluation set answered right, 0 to 1. */
  readonly accuracy?: number;
}

/** Vectors per calibration run of a model that takes any number. */
const freeBatch = 64;

/**
 * A float model as variants for these device classes; classes that share a scheme share its graph,
 * accuracy and golden vectors. Rejects as `shrink` does, and with `unsupported` for a model that
 * takes several vectors at a time and no other number: devices prove and serve one by one.
 */
export async function buildVariants(
  model: Model,
  options: BuildVariantsOptions,
): Promise<readonly BuiltVariant[]> {
  assertServable(model);
  const built = new Map<Scheme, Omit<BuiltVariant, keyof VariantPlan>>();
  const variants: BuiltVariant[] = [];
  const plans = planVariants(options.deviceClasses);
  for (const plan of plans) {
    const known = built.get(plan.scheme) ?? (await build(model, plan.scheme, options));
    built.set(plan.scheme, known);
    variants.push({ ...plan, ...known });
    options.onBuilt?.(variants.length, plans.length);
  }
  return variants;
}

async function build(
  model: Model,
  scheme: Scheme,
  options: BuildVariantsOptions,
): Promise<Omit<BuiltVariant, keyof VariantPlan>> {
  const { runtime, calibration, method, trained, host, topOutput, measure, signal } = options;
  const given = { runtime, ...(signal && { signal }) };
  const small = await shrinkFor(model, scheme, {
    ...{ ...given, calibration: batches(calibration, fixedBatch(model) ?? freeBatch) },
    ...{ ...(method && { method }), ...(trained && { trained }) },
  });
  const graph = writeModel(small);
  const top = topOutput === undefined ? {} : { topOutput };
  const proof = await goldenFor(graph, calibration, { ...given, ...top });
  const accuracy = await measure?.(graph, { optimise: optimiseFor(scheme, host) });
  return { graph, ...proof, ...(accuracy !== undefined && { accuracy }) };
}

function fixedBatch({ graph }: Model): number | undefined {
  const sizes = graph.inputs.map(({ dims }) => dims?.[0]);
  return sizes.find((size) => typeof size === 'number');
}

function assertServable(model: Model): void {
  const size = fixedBatch(model) ?? 1;
  if (size === 1) return;
  throw new FleetError(
    'unsupported',
    `The model takes ${size} vectors at a time; export it for one, or for any number.`,
  );
}

function* batches(feeds: Feeds, size: number): Generator<Feeds> {
  const count = vectorCount(feeds);
  for (let start = 0; start < count; start += size) yield sliceVectors(feeds, start, size);
}
