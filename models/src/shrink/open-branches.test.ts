import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, type GraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { tensor } from '../tensor/tensor.ts';
import { fixSizes } from './fix-sizes.ts';
import { freeze } from './freeze.ts';
import { openBranches } from './open-branches.ts';
import { prepare } from './prepare.ts';

const whole = (value: bigint) => tensor('int64', [], BigInt64Array.of(value));

/** Relu or Sigmoid of x [n, wide], chosen by what `condition` gives. */
function branching(condition: (g: GraphBuilder) => string): Model {
  const branch = (op: string) => {
    const inner = createGraphBuilder({ name: op });
    inner.op(op, ['x'], { output: `${op}-out` });
    inner.output(`${op}-out`, 'float32', ['n', 'wide']);
    return { type: 'graph', value: inner.build().graph } as const;
  };
  const g = createGraphBuilder({ name: 'g' });
  g.input('x', 'float32', ['n', 'wide']);
  g.input('rate', 'int64', []);
  const attributes = { then_branch: branch('Relu'), else_branch: branch('Sigmoid') };
  g.op('If', [condition(g)], { attributes, output: 'y' });
  g.output('y', 'float32', ['n', 'wide']);
  return g.build();
}

const byRate = branching((g) => g.op('Equal', ['rate', g.initializer('wanted', whole(16n))]));
const bySize = branching((g) => {
  const wide = g.op('Gather', [g.op('Shape', ['x']), g.initializer('axis', whole(1n))]);
  return g.op('Equal', [wide, g.initializer('wanted', whole(8n))]);
});

const opsOf = ({ graph }: Model): readonly string[] => graph.nodes.map(({ op }) => op);

test('an If that an input decides is open until that input is frozen', () => {
  assert.deepEqual(openBranches(prepare(byRate)), [{ node: 'y', inputs: ['rate'], sizes: [] }]);
  const frozen = prepare(freeze(byRate, { rate: whole(16n) }));
  assert.deepEqual(openBranches(frozen), []);
  assert.ok(opsOf(frozen).includes('Relu') && !opsOf(frozen).includes('If'));
});

test('an If that sizes decide is open until they are fixed', () => {
  assert.deepEqual(openBranches(prepare(bySize)), [{ node: 'y', inputs: [], sizes: ['x'] }]);
  const fixed = prepare(fixSizes(bySize, { x: [undefined, 8] }));
  assert.deepEqual(openBranches(fixed), []);
  assert.ok(opsOf(fixed).includes('Relu') && !opsOf(fixed).includes('If'));
  assert.deepEqual(fixed.graph.inputs[0]?.dims, ['n', 8]);
});

test('sizes of no input, and sizes that contradict the file, are refused', () => {
  assert.throws(() => fixSizes(byRate, { z: [1] }), {
    code: 'invalid-argument',
    reason: 'The model has no input "z", only x, rate.',
  });
  const fixed = fixSizes(byRate, { x: [undefined, 8] });
  assert.throws(() => fixSizes(fixed, { x: [2, 9] }), {
    code: 'invalid-argument',
    reason: '"x" takes [n, 8], not [2, 9].',
  });
  assert.equal(fixSizes(byRate, {}), byRate);
});
