import { Count, FleetError, featureCells, limits } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import type { Tensor } from '../tensor/tensor.ts';
import { type Bins, confidenceBinOf } from './bins.ts';
import { createTally } from './tally.ts';

/** What was counted on held-out data through one variant, for one cohort of devices. */
export const Reference = Type.Object({
  /** Which devices look like this: `original`, `drifted-1` ... */
  cohort: Type.String({ minLength: 1, maxLength: 63 }),
  n: Count,
  /** How many independent samples the n are worth; fewer for a recorded stream. */
  effective: Type.Number({ minimum: 0 }),
  /** Per feature 24 counts, as in a packed window. */
  counts: Type.Array(Type.Array(Count, { minItems: featureCells, maxItems: featureCells }), {
    maxItems: limits.features,
  }),
  /** Class x confidence: [cell, count], cell = class x 20 + bin; empty cells are absent. */
  predictions: Type.Array(Type.Tuple([Count, Count])),
});
export type Reference = Static<typeof Reference>;

/** Held-out data as a variant saw it. */
export interface ReferenceData {
  /** Profile vectors, [samples, features]. */
  readonly features: Tensor<'float32'>;
  /** Class probabilities, [samples, classes]; absent for tasks without classes. */
  readonly probabilities?: Tensor<'float32'>;
}

/** Counts held-out data in given bins. Throws `invalid-argument` when sizes disagree. */
export function countReference(
  bins: Bins,
  data: ReferenceData,
  options: { readonly cohort: string; readonly effective?: number },
): Reference {
  const [n = 0, width = 0] = data.features.dims;
  if (width !== bins.features.length) {
    throw new FleetError('invalid-argument', `${width} columns for ${bins.features.length} bins.`);
  }
  const counts = bins.features.map((feature, column) => {
    const tally = createTally(feature);
    for (let row = 0; row < n; row++) tally.add(data.features.data[row * width + column]);
    return [...tally.finish().counts];
  });
  return {
    cohort: options.cohort,
    n,
    effective: options.effective ?? n,
    counts,
    predictions: countPredictions(data.probabilities),
  };
}

function countPredictions(probabilities: Tensor<'float32'> | undefined): [number, number][] {
  if (probabilities === undefined) return [];
  const classes = probabilities.dims[1] ?? 1;
  const table = new Map<number, number>();
  for (let start = 0; start < probabilities.data.length; start += classes) {
    const row = probabilities.data.subarray(start, start + classes);
    let top = 0;
    row.forEach((share, index) => {
      if (share > (row[top] ?? 0)) top = index;
    });
    const cell = top * limits.confidenceBins + confidenceBinOf(row[top] ?? 0);
    table.set(cell, (table.get(cell) ?? 0) + 1);
  }
  return [...table].sort(([a], [b]) => a - b);
}
