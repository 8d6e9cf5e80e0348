// ONNX Runtime in a page: answers the requests that `plain.ts` describes.
import * as ort from './ort.wasm.bundle.min.mjs';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'fatal';
const levels = { none: 'disabled', basic: 'basic', all: 'all' };
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};
const sessions = new Map();

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

function base64Of({ buffer, byteOffset, byteLength }) {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const valuesOf = (metadata) =>
  metadata.map(({ name, type, shape }) => ({
    name,
    dtype: type,
    dims: shape.map((size) => (typeof size === 'number' ? size : undefined)),
  }));

async function load({ graph, optimise }) {
  const session = await ort.InferenceSession.create(bytesOf(graph), {
    executionProviders: ['wasm'],
    graphOptimizationLevel: levels[optimise],
  });
  sessions.set(sessions.size, session);
  const inputs = valuesOf(session.inputMetadata);
  return { session: sessions.size - 1, inputs, outputs: valuesOf(session.outputMetadata) };
}

async function run({ session, feeds, outputs }) {
  const ready = {};
  for (const [name, { dtype, dims, base64 }] of Object.entries(feeds)) {
    ready[name] = new ort.Tensor(dtype, new arrays[dtype](bytesOf(base64).buffer), dims);
  }
  const native = sessions.get(session);
  const results = await native.run(ready, outputs ?? native.outputNames);
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, dims, data }]) => [
      name,
      { dtype: type, dims, base64: base64Of(data) },
    ]),
  );
}

const release = async ({ session }) => {
  await sessions.get(session)?.release();
  return null;
};

const actions = { load, run, release };

globalThis.answer = async (request) => {
  try {
    return { ok: true, value: await actions[request.ask](request) };
  } catch (thrown) {
    return { ok: false, code: 'internal', reason: String(thrown) };
  }
};
