import type { Scheme } from '@edgewise/models/plan';
import type { Range, WeightBits } from '@edgewise/models/shrink';
import type { GateReport, PipelineStep, Variant } from '@edgewise/protocol/http';

/** What each step leaves behind; written as a blob, so that a later process can go on from it. */
export interface StepResults {
  readonly prepare: {
    readonly counts: {
      readonly train: number;
      readonly validation: number;
      readonly test: number;
      readonly gate: number;
    };
    /** Blob: inputs whose ranges decide the int8 scales, an .npz. */
    readonly calibration: string;
  };
  readonly train: {
    /** Blob: the float graph for inference. */
    readonly model: string;
    readonly graphBytes: number;
    readonly imagesPerSecond: number;
    /** Where the recipe trains on for few bits: what variants are made of. */
    readonly quantized?: {
      /** Blob: the float graph with the weights that are rounded. */
      readonly model: string;
      readonly weightBits: WeightBits;
      /** Of activations, by value of that graph prepared for quantization. */
      readonly ranges: Readonly<Record<string, Range>>;
    };
  };
  readonly evaluate: { readonly accuracy: number };
  readonly shrink: {
    readonly graphs: readonly {
      readonly scheme: Scheme;
      readonly graph: string;
      readonly graphBytes: number;
    }[];
  };
  readonly 'evaluate-int8': {
    readonly accuracies: readonly { readonly scheme: Scheme; readonly accuracy: number }[];
  };
  readonly profile: {
    readonly profiles: readonly {
      readonly scheme: Scheme;
      /** Blob: the int8 graph with its profile head. */
      readonly graph: string;
      readonly graphBytes: number;
      /** Blob: profile.json. */
      readonly profile: string;
      readonly output: string;
    }[];
  };
  readonly package: { readonly variants: readonly Variant[] };
  readonly gate: GateReport;
}

/** Steps that are done, by name. */
export type Done = { readonly [S in PipelineStep]?: StepResults[S] };
