import { FleetError } from '@edgewise/protocol';
import Type from 'typebox';
import { Value } from 'typebox/value';
import { createGraphBuilder } from '../onnx/builder.ts';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Evaluation } from './evaluate.ts';

/** How one epoch went. */
export interface EpochMetrics {
  /** From 0. */
  readonly epoch: number;
  /** Mean loss over the epoch's steps, each measured before its own update. */
  readonly loss: number;
  /** Share of training samples classified right, 0 to 1, measured the same way. */
  readonly accuracy: number;
  /** Of the epoch's last step. */
  readonly learningRate: number;
  /** After the epoch, on the validation data; absent without such data. */
  readonly validation?: Evaluation;
}

/**
 * All that a training needs to go on as if it had not been interrupted. Random numbers are named by
 * seed and step, so the step is their whole state.
 */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  /** Weights, running statistics and optimizer slots by name. */
  readonly state: Readonly<Record<string, Tensor>>;
  /** Finished epochs. */
  readonly history: readonly EpochMetrics[];
  /** Sums over the steps of the unfinished epoch. */
  readonly running: { readonly loss: number; readonly correct: number };
  /** Weights and statistics after the best epoch so far; kept only where the recipe asks for it. */
  readonly best?: Readonly<Record<string, Tensor>>;
  /**
   * Only of a training for few bits, which takes ranges from them: weights and statistics of the float
   * model that it started from.
   */
  readonly float?: Readonly<Record<string, Tensor>>;
}

const metadataKey = 'edgewise.checkpoint';

/** What tensors beside the state are called in the file, before their own names. */
const prefixes = { best: 'best/', float: 'float-model/' } as const;
/** What tensors of the state are called whose own names begin like those. */
const statePrefix = 'state/';

const isPrefixed = (name: string): boolean =>
  [...Object.values(prefixes), statePrefix].some((prefix) => name.startsWith(prefix));

/** A checkpoint as the bytes of an ONNX file without nodes: its tensors are the initializers. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { state, best, float, ...rest } = checkpoint;
  const metadata = new Map([[metadataKey, JSON.stringify(rest)]]);
  const graph = createGraphBuilder({ name: 'checkpoint', metadata });
  for (const [name, value] of Object.entries(state)) {
    graph.initializer(isPrefixed(name) ? `${statePrefix}${name}` : name, value);
  }
  for (const [name, value] of Object.entries(best ?? {})) {
    graph.initializer(`${prefixes.best}${name}`, value);
  }
  for (const [name, value] of Object.entries(float ?? {})) {
    graph.initializer(`${prefixes.float}${name}`, value);
  }
  return writeModel(graph.build());
}

/** Reads what `encodeCheckpoint` wrote; throws `malformed` for anything else. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { metadata, graph } = readModel(bytes);
  const text = metadata.get(metadataKey);
  const rest = text === undefined ? undefined : parse(text);
  if (!Value.Check(Rest, rest)) {
    throw new FleetError('malformed', 'The file holds no checkpoint of a training.');
  }
  const tensors = [...graph.initializers] as [string, Tensor][];
  const within = (prefix: string) =>
    tensors
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value] as const);
  const [best, float] = [within(prefixes.best), within(prefixes.float)];
  const state = [...tensors.filter(([name]) => !isPrefixed(name)), ...within(statePrefix)];
  return {
    ...rest,
    state: Object.fromEntries(state),
    ...(best.length > 0 && { best: Object.fromEntries(best) }),
    ...(float.length > 0 && { float: Object.fromEntries(float) }),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: the caller's schema refuses `undefined` like any other wrong document.
    return undefined;
  }
}

const Rest = Type.Object({
  step: Type.Integer({ minimum: 0 }),
  history: Type.Array(
    Type.Object({
      epoch: Type.Integer({ minimum: 0 }),
      loss: Type.Number(),
      accuracy: Type.Number(),
      learningRate: Type.Number(),
      validation: Type.Optional(Type.Object({ accuracy: Type.Number(), loss: Type.Number() })),
    }),
  ),
  running: Type.Object({ loss: Type.Number(), correct: Type.Number() }),
});
