import { FleetError } from '@edgewise/protocol';
import {
  assertFeeds,
  assertNotAborted,
  copyInto,
  targetsOf,
  wantedOutputs,
} from '../runtime/check-feeds.ts';
import type { Feeds, Runtime, Session, SessionValue } from '../runtime/runtime.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';

/** What every model of a simulated runtime looks like. Outputs must be float32. */
export interface SimulatedModel {
  readonly inputs: readonly SessionValue[];
  readonly outputs: readonly SessionValue[];
}

/**
 * A runtime without an engine, for thousands of agents in one process: it takes any bytes for a
 * model and answers each item with shares that add up to 1, a pure function of the model's bytes,
 * the output's name and the item. An unknown size of an output is the batch: the first feed's first size.
 */
export function createSimulatedRuntime(model: SimulatedModel): Runtime {
  const strange = model.outputs.find((output) => output.dtype !== 'float32');
  if (strange !== undefined) {
    throw new FleetError('invalid-argument', `Simulated output "${strange.name}" is not float32.`);
  }
  return {
    name: 'simulated',
    build: 'simulated 1',
    // biome-ignore lint/suspicious/useAwait: the port is asynchronous, so failures must reject.
    async load(bytes, options = {}) {
      assertNotAborted(options.signal);
      if (bytes.length === 0) throw new FleetError('malformed', 'A model of no bytes.');
      return createSession(model, hashBytes(bytes, 0));
    },
  };
}

function createSession({ inputs, outputs }: SimulatedModel, seed: number): Session {
  let disposed = false;
  return {
    inputs,
    outputs,
    async run(feeds, options = {}) {
      if (disposed) throw disposedError();
      assertNotAborted(options.signal);
      assertFeeds(inputs, feeds);
      const wanted = new Set(wantedOutputs(outputs, options));
      const targets = targetsOf(outputs, options);
      await Promise.resolve();
      if (disposed) throw disposedError();
      assertNotAborted(options.signal);
      const chosen = outputs.filter((output) => wanted.has(output.name));
      const answers = chosen.map(
        (output) => [output.name, answer(output, feeds, hashText(output.name, seed))] as const,
      );
      return copyInto(Object.fromEntries(answers), targets);
    },
    [Symbol.asyncDispose]: () => {
      disposed = true;
      return Promise.resolve();
    },
  };
}

function disposedError(): FleetError {
  return new FleetError('unavailable', 'The session was disposed.');
}

function answer(output: SessionValue, feeds: Feeds, seed: number): Tensor<'float32'> {
  const batch = Object.values(feeds)[0]?.dims[0] ?? 1;
  const dims = output.dims.map((size) => size ?? batch);
  const data = new Float32Array(elementCount(dims));
  const rows = output.dims[0] === undefined ? Math.max(batch, 1) : 1;
  const width = data.length / rows;
  for (let row = 0; row < rows; row++) {
    fillShares(data.subarray(row * width, (row + 1) * width), itemHash(feeds, row, rows, seed));
  }
  return tensor('float32', dims, data);
}

/** Hash of one item over all feeds; a feed that is not split by items counts whole. */
function itemHash(feeds: Feeds, row: number, rows: number, seed: number): number {
  let hash = seed;
  for (const { data, dims } of Object.values(feeds)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const perItem = dims[0] === rows ? bytes.length / rows : bytes.length;
    const from = dims[0] === rows ? row * perItem : 0;
    hash = hashBytes(bytes.subarray(from, from + perItem), hash);
  }
  return hash;
}

function fillShares(shares: Float32Array, seed: number): void {
  let state = seed;
  let sum = 0;
  for (let index = 0; index < shares.length; index++) {
    state = mix(state + 0x9e3779b9);
    const share = 1 + (state % 1000);
    shares[index] = share;
    sum += share;
  }
  for (let index = 0; index < shares.length; index++) shares[index] = (shares[index] ?? 0) / sum;
}

/** At most this many bytes of an item or model are looked at, evenly spread. */
const lookedAt = 256;

function hashBytes(bytes: Uint8Array, seed: number): number {
  const step = Math.max(1, Math.floor(bytes.length / lookedAt));
  let hash = mix(seed ^ bytes.length);
  for (let index = 0; index < bytes.length; index += step) {
    hash = mix(hash ^ (bytes[index] ?? 0));
  }
  return hash;
}

function hashText(text: string, seed: number): number {
  return hashBytes(new TextEncoder().encode(text), seed);
}

/** Bit mixer of MurmurHash3 (fmix32, public domain): every input bit reaches every output bit. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
