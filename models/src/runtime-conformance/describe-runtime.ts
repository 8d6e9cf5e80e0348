import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Code, FleetError } from '@edgewise/protocol';
import type { Feeds, Runtime, Session } from '../runtime/runtime.ts';
import { type DType, dtypes, type Tensor, tensor } from '../tensor/tensor.ts';
import { copyModel, linearAnswer, linearModel, strangeModel } from './sample-models.ts';

/** What an implementation declares not to do, with the reason. */
export interface RuntimeSuiteOptions {
  readonly skip?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

/**
 * The promises of a `Runtime`, as tests. `create` gives a fresh runtime; the model of most tests
 * has `x` float32 [batch, 2] and `y`, `twice` float32 [batch, 3].
 */
export function describeRuntime(
  name: string,
  create: () => Runtime,
  options: RuntimeSuiteOptions = {},
): void {
  const reasonOf = (title: string): string | undefined =>
    options.skip?.find((gap) => gap.tests.includes(title))?.reason;
  describe(`Runtime: ${name}`, () => {
    for (const [title, promise] of Object.entries({ ...loading, ...running, ...ending })) {
      test(title, { skip: reasonOf(title) ?? false }, () => promise(create()));
    }
  });
}

type Promises = Readonly<Record<string, (runtime: Runtime) => Promise<void>>>;

const loading: Promises = {
  'it says which engine and instruction set it is': (runtime) => {
    assert.match(runtime.name, /\S/);
    assert.match(runtime.build, /\S/);
    return Promise.resolve();
  },
  'inputs and outputs carry name, type and sizes': async (runtime) => {
    await using session = await runtime.load(linearModel());
    assert.deepEqual(session.inputs, [{ name: 'x', dtype: 'float32', dims: [undefined, 2] }]);
    assert.deepEqual(session.outputs, [
      { name: 'y', dtype: 'float32', dims: [undefined, 3] },
      { name: 'twice', dtype: 'float32', dims: [undefined, 3] },
    ]);
  },
  'no bytes are malformed': async (runtime) => {
    await rejects(runtime.load(new Uint8Array()), 'malformed');
  },
  'bytes that are no model are malformed': async (runtime) => {
    await rejects(runtime.load(new Uint8Array(64).fill(7)), 'malformed');
  },
  'half a model is malformed': async (runtime) => {
    const whole = linearModel();
    await rejects(runtime.load(whole.subarray(0, whole.length / 2)), 'malformed');
  },
  'an unknown operator is unsupported': async (runtime) => {
    await rejects(runtime.load(strangeModel()), 'unsupported');
  },
  'loading under an aborted signal is canceled': async (runtime) => {
    await rejects(runtime.load(linearModel(), { signal: AbortSignal.abort() }), 'canceled');
  },
};

const running: Promises = {
  'the numbers are those of the graph': async (runtime) => {
    await using session = await runtime.load(linearModel());
    const answer = await session.run({ x: rows([1, 2, -3, 0.5]) });
    assert.deepEqual(numbers(answer.y), linearAnswer([1, 2, -3, 0.5]));
    assert.deepEqual(
      numbers(answer.twice),
      linearAnswer([1, 2, -3, 0.5]).map((value) => 2 * value),
    );
  },
  'optimisation does not change what a graph means': async (runtime) => {
    for (const optimise of ['none', 'basic', 'all'] as const) {
      await using session = await runtime.load(linearModel(), { optimise });
      const answer = await session.run({ x: rows([1, 2]) });
      assert.deepEqual(numbers(answer.y), linearAnswer([1, 2]));
    }
  },
  'every element type goes in and comes out': async (runtime) => {
    for (const dtype of dtypes) {
      await using session = await runtime.load(copyModel(dtype));
      const x = sixOf(dtype);
      const { y } = await session.run({ x });
      assert.deepEqual({ dtype: y?.dtype, dims: y?.dims, data: y?.data }, x);
    }
  },
  'an unknown size takes any size': async (runtime) => {
    await using session = await runtime.load(linearModel());
    for (const batch of [1, 7, 3]) {
      const { y } = await session.run({ x: rows(Array.from({ length: 2 * batch }, Number)) });
      assert.deepEqual(y?.dims, [batch, 3]);
    }
  },
  'the same feeds give the same bytes': async (runtime) => {
    await using session = await runtime.load(linearModel());
    const x = rows([0.1, 0.7]);
    assert.deepEqual(await session.run({ x }), await session.run({ x }));
  },
  'only the outputs that are asked for come': async (runtime) => {
    await using session = await runtime.load(linearModel());
    const answer = await session.run({ x: rows([1, 2]) }, { outputs: ['twice'] });
    assert.deepEqual(Object.keys(answer), ['twice']);
    await rejects(session.run({ x: rows([1, 2]) }, { outputs: ['z'] }), 'invalid-argument');
  },
  'a run writes where it is told to': async (runtime) => {
    await using session = await runtime.load(linearModel());
    const x = rows([1, 2]);
    const { y: fresh, twice } = await session.run({ x });
    const y = tensor('float32', [1, 3], new Float32Array(3));
    for (let round = 0; round < 2; round++) {
      const answer = await session.run({ x }, { into: { y } });
      assert.equal(answer.y?.data, y.data);
      assert.deepEqual(numbers(y), numbers(fresh));
      assert.deepEqual(answer.twice, twice);
      y.data.fill(0);
    }
    const short = tensor('float32', [1, 2], new Float32Array(2));
    for (const into of [{ y: short }, { z: y }]) {
      await rejects(session.run({ x }, { into }), 'invalid-argument');
    }
  },
  'wrong feeds are refused and the session stays usable': async (runtime) => {
    await using session = await runtime.load(linearModel());
    const wrong: Feeds[] = [
      {},
      { x: rows([1, 2]), z: rows([1, 2]) },
      { z: rows([1, 2]) },
      { x: tensor('float64', [1, 2], new Float64Array(2)) },
      { x: tensor('float32', [2], new Float32Array(2)) },
      { x: tensor('float32', [1, 3], new Float32Array(3)) },
    ];
    for (const feeds of wrong) await rejects(session.run(feeds), 'invalid-argument');
    await works(session);
  },
  'overlapping runs do not mix their answers': async (runtime) => {
    await using session = await runtime.load(linearModel());
    const alone = [];
    for (let item = 0; item < 8; item++) alone.push(await session.run({ x: rows([item, 1]) }));
    const together = alone.map((_, item) => session.run({ x: rows([item, 1]) }));
    assert.deepEqual(await Promise.all(together), alone);
  },
  'an answer stays as it is while later runs compute': async (runtime) => {
    await using session = await runtime.load(linearModel());
    const first = await session.run({ x: rows([1, 2]) });
    const before = numbers(first.y);
    await session.run({ x: rows([5, 6]) });
    assert.deepEqual(numbers(first.y), before);
  },
  'an aborted run is canceled and the session stays usable': async (runtime) => {
    await using session = await runtime.load(linearModel());
    await rejects(session.run({ x: rows([1, 2]) }, { signal: AbortSignal.abort() }), 'canceled');
    const controller = new AbortController();
    const late = session.run({ x: rows([1, 2]) }, { signal: controller.signal });
    controller.abort();
    await rejects(late, 'canceled');
    await works(session);
  },
};

const ending: Promises = {
  'disposing twice is harmless': async (runtime) => {
    const session = await runtime.load(linearModel());
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
  },
  'a disposed session is unavailable': async (runtime) => {
    const session = await runtime.load(linearModel());
    await session[Symbol.asyncDispose]();
    await rejects(session.run({ x: rows([1, 2]) }), 'unavailable');
  },
  'a run that the disposal overtakes ends': async (runtime) => {
    const session = await runtime.load(linearModel());
    const run = session.run({ x: rows([1, 2]) }).catch(FleetError.from);
    await session[Symbol.asyncDispose]();
    const outcome = await run;
    assert.ok(!(outcome instanceof FleetError) || outcome.code === 'unavailable');
  },
  'one session does not disturb another': async (runtime) => {
    const first = await runtime.load(linearModel());
    await using second = await runtime.load(linearModel());
    await first[Symbol.asyncDispose]();
    await works(second);
  },
};

function rows(values: readonly number[]): Tensor<'float32'> {
  return tensor('float32', [values.length / 2, 2], Float32Array.from(values));
}

function numbers(value: Tensor | undefined): number[] {
  return Array.from(value?.data ?? [], Number);
}

/** Six elements of a type, shape [2, 3], with its extremes where they are easy to name. */
function sixOf<D extends DType>(dtype: D): Tensor {
  const raw = new Uint8Array(48);
  raw.forEach((_, index) => {
    raw[index] = (index * 37) % 256;
  });
  const buffer = raw.buffer;
  const data = {
    float32: () => new Float32Array([0, -1.5, 3e38, 1e-40, Infinity, 7]),
    float64: () => new Float64Array([0, -1.5, 1e300, 1e-310, -Infinity, 7]),
    int8: () => new Int8Array(buffer, 0, 6),
    uint8: () => new Uint8Array(buffer, 0, 6),
    int16: () => new Int16Array(buffer, 0, 6),
    uint16: () => new Uint16Array(buffer, 0, 6),
    int32: () => new Int32Array(buffer, 0, 6),
    uint32: () => new Uint32Array(buffer, 0, 6),
    int64: () => new BigInt64Array(buffer, 0, 6),
    uint64: () => new BigUint64Array(buffer, 0, 6),
    bool: () => new Uint8Array([0, 1, 1, 0, 1, 0]),
  }[dtype]();
  return { dtype, dims: [2, 3], data } as Tensor;
}

async function works(session: Session): Promise<void> {
  const { y } = await session.run({ x: rows([1, 2]) });
  assert.deepEqual(y?.dims, [1, 3]);
}

async function rejects(outcome: Promise<unknown>, code: Code): Promise<void> {
  const thrown = await outcome.then(
    () => assert.fail(`resolved instead of rejecting with ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof FleetError, `not a FleetError: ${thrown}`);
  assert.equal(thrown.code, code);
}
