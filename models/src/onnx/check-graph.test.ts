import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { tensor } from '../tensor/tensor.ts';
import { checkGraph } from './check-graph.ts';
import type { Graph, Model, Node, ValueInfo } from './graph.ts';
import { readModel } from './read.ts';
import { writeModel } from './write.ts';

const value = (name: string): ValueInfo => ({ name, dtype: 'float32', dims: [2] });
const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  more: Partial<Node> = {},
): Node => ({ name: '', op, domain: '', inputs, outputs, attributes: new Map(), ...more });

function modelOf(nodes: readonly Node[], more: Partial<Graph> = {}): Model {
  return {
    irVersion: 8,
    producerName: 'test',
    producerVersion: '',
    opsets: new Map([['', 17]]),
    metadata: new Map(),
    graph: {
      name: 'g',
      nodes,
      inputs: [value('x')],
      outputs: [value('y')],
      initializers: new Map(),
      values: new Map(),
      ...more,
    },
  };
}

const branch = (nodes: readonly Node[]): Node =>
  node('If', ['x'], ['y'], {
    name: 'choice',
    attributes: new Map([
      ['then_branch', { type: 'graph', value: modelOf(nodes, { inputs: [] }).graph }],
    ]),
  });

const broken: readonly (readonly [name: string, model: Model, message: RegExp])[] = [
  [
    'a value that nothing gives',
    modelOf([node('Relu', ['h'], ['y'], { name: 'act' })]),
    /Node act \(Relu\) reads "h", which is given by nothing/,
  ],
  [
    'a value that nothing gives to an inner graph',
    modelOf([branch([node('Relu', ['h'], ['y'])])]),
    /Node y \(Relu\) reads "h"/,
  ],
  ['an output that nothing gives', modelOf([node('Relu', ['x'], ['h'])]), /Output "y" is given by/],
  [
    'an output of an inner graph that nothing gives',
    modelOf([branch([node('Relu', ['x'], ['h'])])]),
    /Output "y" is given by nothing/,
  ],
  [
    'a value given twice',
    modelOf([node('Relu', ['x'], ['y']), node('Abs', ['x'], ['y'], { name: 'second' })]),
    /Node second \(Abs\) gives "y" a second time/,
  ],
  ['an input that a node gives', modelOf([node('Relu', ['y'], ['x'])]), /gives "x" a second time/],
  [
    'a constant that a node gives',
    modelOf([node('Relu', ['x'], ['y'])], {
      initializers: new Map([['y', tensor('float32', [1], new Float32Array(1))]]),
    }),
    /gives "y" a second time/,
  ],
  [
    'two inputs of one name',
    modelOf([node('Relu', ['x'], ['y'])], { inputs: [value('x'), value('x')] }),
    /Two inputs are named "x"/,
  ],
  [
    'an input without a name',
    modelOf([node('Relu', ['x'], ['y'])], { inputs: [value('x'), value('')] }),
    /An input of the graph has no name/,
  ],
  [
    'two nodes of one name',
    modelOf([node('Relu', ['x'], ['h'], { name: 'a' }), node('Relu', ['h'], ['y'], { name: 'a' })]),
    /Two nodes are named "a"/,
  ],
  [
    'a node without an input it needs',
    modelOf([node('Add', ['x'], ['y'])]),
    /\(Add\) lacks input 2/,
  ],
  [
    'a node whose first input is left out',
    modelOf([node('Where', ['x', '', 'x'], ['y'])]),
    /\(Where\) lacks input 2 of at least 3/,
  ],
  [
    'a circle',
    modelOf([
      node('Add', ['x', 'b'], ['a']),
      node('Relu', ['a'], ['b']),
      node('Abs', ['b'], ['y']),
    ]),
    /runs in a circle at/,
  ],
  ['a node that reads itself', modelOf([node('Add', ['x', 'y'], ['y'])]), /runs in a circle at y/],
];

for (const [name, model, message] of broken) {
  test(`${name} is malformed, named by the error`, () => {
    const refused = (error: unknown): boolean =>
      error instanceof FleetError && error.code === 'malformed' && message.test(error.message);
    assert.throws(() => checkGraph(model), refused);
    assert.throws(() => readModel(writeModel(model)), refused);
  });
}

test('two constants of one name in a file are malformed', () => {
  const held = tensor('uint8', [2], Uint8Array.of(1, 2));
  const model = modelOf([node('Relu', ['x'], ['y'])], {
    initializers: new Map([
      ['first', held],
      ['secon', held],
    ]),
  });
  const bytes = writeModel(model);
  const at = Buffer.from(bytes).indexOf('secon');
  bytes.set(new TextEncoder().encode('first'), at);
  assert.throws(() => readModel(bytes), /two constants named "first"/);
});

test('a default for an input, an input that nobody reads and outer values are fine', () => {
  const fine = modelOf([branch([node('Relu', ['x'], ['y'])])], {
    inputs: [value('x'), value('z')],
    initializers: new Map([['x', tensor('float32', [2], new Float32Array(2))]]),
  });
  assert.deepEqual(checkGraph(fine), fine);
});

test('a reader of an unsorted inner value comes after the node that gives it', () => {
  const inner = node('Relu', ['h'], ['y']);
  const model = modelOf([branch([inner]), node('Abs', ['x'], ['h'], { name: 'first' })]);
  assert.deepEqual(
    checkGraph(model).graph.nodes.map(({ name }) => name),
    ['first', 'choice'],
  );
});
