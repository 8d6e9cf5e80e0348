import type { Model } from '../../onnx/graph.ts';
import { upgradeOpset } from '../../onnx/upgrade/upgrade.ts';
import { writeModel } from '../../onnx/write.ts';
import { prepare } from '../prepare.ts';
import { roundWeights } from '../round-weights.ts';
import type { Shrunk } from '../shrink-options.ts';
import { type StoredBits, weightOnly } from './weight-only.ts';

/** How weights are stored. */
export interface WeightOnlyOptions {
  /** Default 8. */
  readonly bits?: StoredBits;
  /** Weights whose rounding was learned. */
  readonly rounded?: Pick<Shrunk, 'float' | 'model'>;
}

/** A model whose weights are stored in int8 or int4, and what that saved. */
export interface WeightOnly {
  readonly model: Model;
  readonly report: WeightOnlyReport;
}

/** Sizes of both files, and the constants that are integers now. */
export interface WeightOnlyReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly weights: readonly string[];
}

/**
 * A float model tidied, with batch normalisation folded, and its weights in int8 or, with `bits`, in
 * int4, for which the operator set is raised to 21. With `rounded`, what `shrink` made of the model, they
 * are those of its integers. Throws as `weightOnly` and `upgradeOpset` do.
 */
export function shrinkWeightOnly(
  model: Model,
  { bits = 8, rounded }: WeightOnlyOptions = {},
): WeightOnly {
  const tidied = rounded ? roundWeights(rounded.float, rounded.model) : prepare(model);
  const prepared = bits === 4 ? upgradeOpset(tidied, 21) : tidied;
  const small = weightOnly(prepared, { bits });
  const kept = small.graph.initializers;
  const weights = [...prepared.graph.initializers.keys()].filter((name) => !kept.has(name));
  const bytesBefore = writeModel(model).length;
  return { model: small, report: { bytesBefore, bytesAfter: writeModel(small).length, weights } };
}
