import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { prepare } from '../prepare.ts';
import { weightOnly } from './weight-only.ts';

/** A model whose weights are stored in int8, and what that saved. */
export interface WeightOnly {
  readonly model: Model;
  readonly report: WeightOnlyReport;
}

/** Sizes of both files, and the constants that are int8 now. */
export interface WeightOnlyReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly weights: readonly string[];
}

/**
 * A float model tidied, with batch normalisation folded, and its weights in int8. Throws as
 * `weightOnly` does.
 */
export function shrinkWeightOnly(model: Model): WeightOnly {
  const prepared = prepare(model);
  const small = weightOnly(prepared);
  const kept = small.graph.initializers;
  const weights = [...prepared.graph.initializers.keys()].filter((name) => !kept.has(name));
  const bytesBefore = writeModel(model).length;
  return { model: small, report: { bytesBefore, bytesAfter: writeModel(small).length, weights } };
}
