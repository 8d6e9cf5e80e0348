import { FleetError } from '@edgewise/protocol';
import type { InferenceSession, OnnxValue } from 'onnxruntime-node';
import {
  assertFeeds,
  assertNotAborted,
  copyInto,
  targetsOf,
  wantedOutputs,
} from '../runtime/check-feeds.ts';
import type { Feeds, Session, SessionValue } from '../runtime/runtime.ts';
import { type DType, dtypes, type Tensor } from '../tensor/tensor.ts';
import type { Engine } from './engine.ts';
import { disposedError, runError } from './engine-error.ts';

/** What engines differ in. */
export interface EngineTraits {
  /** Whether a run writes into tensors it is given; else what it gives is copied there. */
  readonly writesInto: boolean;
}

/** A session over one of the engine's. Tensors go in and out as views, without a copy of ours. */
export function createOnnxSession(
  engine: Pick<Engine, 'Tensor'>,
  native: InferenceSession,
  { writesInto }: EngineTraits,
): Session {
  const inputs = native.inputMetadata.map(sessionValue);
  const outputs = native.outputMetadata.map(sessionValue);
  let disposed = false;

  const release = async (): Promise<void> => {
    if (disposed) return;
    disposed = true;
    await native.release();
  };

  return {
    inputs,
    outputs,
    async run(feeds, options = {}) {
      if (disposed) throw disposedError();
      assertNotAborted(options.signal);
      assertFeeds(inputs, feeds);
      const wanted = wantedOutputs(outputs, options);
      const targets = targetsOf(outputs, options);
      if (wanted.length === 0) return {};
      const inPlace = writesInto && options.into !== undefined;
      const fetches = inPlace ? enginePlaces(engine, targets, wanted) : wanted;
      const results = await native
        .run(engineFeeds(engine, feeds), fetches)
        .catch((cause: unknown) => {
          throw disposed ? disposedError() : runError(cause);
        });
      // The engine cannot be stopped halfway: what came too late is dropped.
      assertNotAborted(options.signal);
      const ours = ourTensors(results);
      // The engine gives a copy of what it wrote in place, too: that one is dropped.
      return inPlace ? { ...ours, ...chosen(targets, wanted) } : copyInto(ours, targets);
    },
    [Symbol.asyncDispose]: release,
  };
}

function engineFeeds(engine: Pick<Engine, 'Tensor'>, feeds: Feeds): Record<string, OnnxValue> {
  const ready: Record<string, OnnxValue> = {};
  for (const [name, feed] of Object.entries(feeds)) {
    ready[name] = new engine.Tensor(feed.dtype as 'float32', feed.data as Float32Array, feed.dims);
  }
  return ready;
}

/** What each wanted output is written to; `null` where the engine is to allocate. */
function enginePlaces(
  engine: Pick<Engine, 'Tensor'>,
  targets: Feeds,
  wanted: readonly string[],
): Record<string, OnnxValue | null> {
  const places = engineFeeds(engine, targets);
  return Object.fromEntries(wanted.map((name) => [name, places[name] ?? null]));
}

function ourTensors(results: InferenceSession.OnnxValueMapType): Feeds {
  const ready: Record<string, Tensor> = {};
  for (const [name, { type, dims, data }] of Object.entries(results)) {
    ready[name] = { dtype: type as 'float32', dims, data: data as Float32Array };
  }
  return ready;
}

function chosen(feeds: Feeds, names: readonly string[]): Feeds {
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => names.includes(name)));
}

function sessionValue(value: InferenceSession.ValueMetadata): SessionValue {
  if (!value.isTensor || !isDType(value.type)) {
    throw new FleetError('unsupported', `Model value "${value.name}" has a type we do not carry.`);
  }
  const dims = value.shape.map((size) => (typeof size === 'number' ? size : undefined));
  return { name: value.name, dtype: value.type, dims };
}

function isDType(type: string): type is DType {
  return (dtypes as readonly string[]).includes(type);
}
