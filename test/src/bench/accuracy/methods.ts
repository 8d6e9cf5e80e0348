import type { Model } from '@edgewise/models/onnx';
import type { Feeds, Runtime } from '@edgewise/models/runtime';
import { prepare, type ShrinkOptions, shrink, type WeightBits } from '@edgewise/models/shrink';
import { type LabelledData, modelNames, type Recipe, trainQuantized } from '@edgewise/models/train';

/** A network that was trained in float, and what it was trained on. */
export interface Trained {
  readonly recipe: Recipe;
  readonly model: Model;
  readonly data: LabelledData;
  readonly seed: number;
  readonly runtime: Runtime;
}

/** One way to int8, a column of the table. */
export interface Method {
  readonly name: string;
  /** Points of accuracy that it may cost on any net; `undefined`: it is only printed. */
  readonly mostLoss?: number;
  make(trained: Trained): Promise<Model>;
}

/** Images that ranges are found with. */
const calibrationImages = 512;
const batch = 32;

/**
 * Python's `quantize_static` with its defaults, per tensor or not, of what its `quant_pre_process` gives:
 * the graph with batch normalisation folded.
 */
function plain(perChannel: boolean): Method['make'] {
  const make = shrunk({ method: 'minmax', likeOnnxruntime: true, perChannel });
  return (trained) => make({ ...trained, model: prepare(trained.model) });
}

/** The ways beside float, the plain ones first. */
export const methods = {
  tensor: { name: 'quantize_static per tensor', make: plain(false) },
  channel: { name: 'quantize_static per channel', make: plain(true) },
  best: { name: 'W8A8 auto', mostLoss: 0.3, make: shrunk({ method: 'auto' }) },
  q8: { name: 'W8A8 trained', mostLoss: 0.3, make: trained(8) },
  w4: { name: 'W4A8 nearest', make: shrunk({ weightBits: 4 }) },
  a4: { name: 'W4A8 AdaRound', make: learned(4) },
  q4: { name: 'W4A8 trained', mostLoss: 0.5, make: trained(4) },
  w3: { name: 'W3A8 nearest', make: shrunk({ weightBits: 3 }) },
  a3: { name: 'W3A8 AdaRound', make: learned(3) },
  q3: { name: 'W3A8 trained', mostLoss: 1.5, make: trained(3) },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;

/** The columns of the table. */
export const methodList = Object.entries(methods) as readonly (readonly [MethodName, Method])[];

function learned(weightBits: WeightBits): Method['make'] {
  return shrunk({ method: 'auto', weightBits, adaRound: true });
}

function shrunk(options: Partial<ShrinkOptions>): Method['make'] {
  return async ({ model, data, runtime }) => {
    const calibration = calibrationFeeds(data);
    return (await shrink(model, { calibration, runtime, ...options })).model;
  };
}

function trained(weightBits: WeightBits): Method['make'] {
  return async ({ recipe, model: initial, data, seed, runtime }) => {
    const quantization = { weightBits, epochs: 1 };
    const options = { recipe, initial, data, seed, runtime, quantization };
    return (await trainQuantized(options)).quantized;
  };
}

/** Images evenly from the whole. */
function calibrationFeeds({ inputs, labels }: LabelledData): readonly Feeds[] {
  const [, ...shape] = inputs.dims;
  const size = inputs.data.length / labels.length;
  return Array.from({ length: calibrationImages / batch }, (_, feed) => {
    const data = new Uint8Array(batch * size);
    for (let at = 0; at < batch; at++) {
      const image = Math.floor(((feed * batch + at) * labels.length) / calibrationImages);
      data.set(inputs.data.subarray(image * size, (image + 1) * size) as Uint8Array, at * size);
    }
    return { [modelNames.input]: { dtype: 'uint8', dims: [batch, ...shape], data } };
  });
}
