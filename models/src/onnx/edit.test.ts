import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { consumersOf, createFreshNames, readsOf, sortNodes } from './edit.ts';
import type { Node } from './graph.ts';
import { readModel } from './read.ts';

const file = new URL('../../fixtures/onnx/branches.onnx', import.meta.url);
const { graph } = readModel(readFileSync(file));

test('a node reads what its inner graphs take from outside', () => {
  const branch = graph.nodes.find((node) => node.op === 'If');
  assert.ok(branch);
  assert.deepEqual([...new Set(readsOf(branch))], ['yes', 'x']);
  assert.deepEqual(consumersOf(graph.nodes).get('x'), [branch]);
});

test('fresh names avoid every name, those of inner graphs too', () => {
  const fresh = createFreshNames(graph);
  assert.deepEqual([fresh('inner'), fresh('new'), fresh('new')], ['inner_2', 'new', 'new_2']);
});

test('nodes are sorted so that each follows what it reads', () => {
  const nodes = [step('c', 'd'), step('a', 'b'), step('x', 'a'), step('b', 'c')];
  assert.deepEqual(
    sortNodes(nodes).map((node) => node.outputs[0]),
    ['a', 'b', 'c', 'd'],
  );
});

test('a circle is malformed', () => {
  assert.throws(
    () => sortNodes([step('a', 'b'), step('b', 'a')]),
    (error) => error instanceof FleetError && error.code === 'malformed',
  );
});

function step(input: string, output: string): Node {
  return {
    name: '',
    op: 'Neg',
    domain: '',
    inputs: [input],
    outputs: [output],
    attributes: new Map(),
  };
}
