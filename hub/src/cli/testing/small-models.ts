/** Small models, sound and broken, for the commands that read model files. */
import assert from 'node:assert/strict';
import {
  createGraphBuilder,
  type GraphBuilder,
  type Model,
  type Node,
} from '@edgewise/models/onnx';
import { type Tensor, tensor } from '@edgewise/models/tensor';

/** `y = Relu(x w + b)`, eight numbers in and four out. */
export function dense(
  given: {
    readonly weights?: Float32Array<ArrayBuffer>;
    readonly bias?: Float32Array<ArrayBuffer>;
    readonly batch?: number | string;
    /** Rows of the weights; 8 fit. */
    readonly rows?: number;
    readonly tail?: (g: GraphBuilder, h: string) => string;
  } = {},
): Model {
  const { rows = 8, weights = wave(rows * 4), bias = wave(4), batch = 'n' } = given;
  const { tail = (_, h) => h } = given;
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [batch, 8]);
  const w = g.initializer('w', tensor('float32', [rows, 4], weights));
  const b = g.initializer('b', tensor('float32', [4], bias));
  const h = g.op('Gemm', [x, w, b], { output: 'h' });
  g.op('Relu', [tail(g, h)], { output: 'y' });
  g.output('y', 'float32', [batch, 4]);
  return g.build();
}

/** A 3x3 convolution of three channels to four. */
export function convolution(dims: readonly (number | string)[]): Model {
  const g = createGraphBuilder({ name: 'g' });
  const w = g.initializer('w', tensor('float32', [4, 3, 3, 3], wave(108)));
  g.op('Conv', [g.input('x', 'float32', dims), w], { output: 'y' });
  g.output('y', 'float32', ['n', 4, 'a', 'b']);
  return g.build();
}

/** A product `h`, a branch that its greatest number chooses, and a loop that reads it. */
export function withBranches({ reads = 'h' }: { readonly reads?: string } = {}): Model {
  const branch = (op: string) => {
    const inner = createGraphBuilder({ name: op });
    inner.op(op, [reads], { output: `${op}-out` });
    inner.output(`${op}-out`, 'float32', ['n', 4]);
    return { type: 'graph', value: inner.build().graph } as const;
  };
  const g = createGraphBuilder({ name: 'g' });
  const w = g.initializer('w', tensor('float32', [8, 4], wave(32)));
  const h = g.op('MatMul', [g.input('x', 'float32', ['n', 8]), w], { output: 'h' });
  const keepdims = { type: 'int', value: 0n } as const;
  const most = g.op('ReduceMax', [h], { attributes: { keepdims } });
  const on = g.op('Greater', [most, g.scalar(0)]);
  const attributes = { then_branch: branch('Relu'), else_branch: branch('Sigmoid') };
  const chosen = g.op('If', [on], { attributes, output: 'chosen' });
  const turns = g.initializer('turns', tensor('int64', [], BigInt64Array.of(2n)));
  const go = g.initializer('go', tensor('bool', [], Uint8Array.of(1)));
  g.op('Loop', [turns, go, chosen], { attributes: { body: loopBody() }, output: 'y' });
  g.output('y', 'float32', ['n', 4]);
  return g.build();
}

/** Adds `h` of the graph around it at each turn. */
function loopBody() {
  const inner = createGraphBuilder({ name: 'body' });
  inner.input('turn', 'int64', []);
  inner.op('Identity', [inner.input('go-in', 'bool', [])], { output: 'go-out' });
  inner.op('Add', [inner.input('carried', 'float32', ['n', 4]), 'h'], { output: 'passed' });
  inner.output('go-out', 'bool', []);
  inner.output('passed', 'float32', ['n', 4]);
  return { type: 'graph', value: inner.build().graph } as const;
}

/** A product of one row, a state whose first axis is its layers, and a single number. */
export function withState(): Model {
  const g = createGraphBuilder({ name: 'g' });
  const w = g.initializer('w', tensor('float32', [8, 8], wave(64)));
  const h = g.op('MatMul', [g.input('x', 'float32', [1, 8]), w]);
  const sum = g.op('Add', [h, g.input('state', 'float32', [2, 1, 8])]);
  g.op('Mul', [sum, g.input('gain', 'float32', [])], { output: 'y' });
  g.output('y', 'float32', [2, 1, 8]);
  return g.build();
}

/** The dense model with another graph. */
export function withGraph(given: Partial<Model['graph']>): Model {
  const model = dense();
  return { ...model, graph: { ...model.graph, ...given } };
}

/** The dense model, a Gemm `h` and a Relu `y`, with other nodes. */
export function edited(edit: (nodes: readonly Node[]) => readonly Node[]): Model {
  return withGraph({ nodes: edit(dense().graph.nodes) });
}

/** A Relu from one value to another. */
export const relu = (name: string, from: string, to: string): Node => ({
  ...{ name, op: 'Relu', domain: '', attributes: new Map() },
  ...{ inputs: [from], outputs: [to] },
});

/** A node that reads another value at one of its places. */
export function rewired(node: Node | undefined, at: number, from: string): Node {
  assert.ok(node);
  return { ...node, inputs: node.inputs.with(at, from) };
}

/** The same model in other numbers; float16 cuts off what it cannot hold. */
export function retyped(model: Model, dtype: 'float16' | 'float64'): Model {
  const { graph } = model;
  const retype = (data: Float32Array) =>
    dtype === 'float64' ? Float64Array.from(data) : halves(data);
  const constants = [...graph.initializers].map(([name, { dims, data }]) => {
    return [name, { dtype, dims, data: retype(data as Float32Array) } as Tensor] as const;
  });
  const values = (list: Model['graph']['inputs']) => list.map((value) => ({ ...value, dtype }));
  const [inputs, outputs] = [values(graph.inputs), values(graph.outputs)];
  return { ...model, graph: { ...graph, inputs, outputs, initializers: new Map(constants) } };
}

/** float16 of numbers between 2^-14 and 2 or 0: sign, exponent of 5 bits, fraction of 10. */
function halves(data: Float32Array): Uint8Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const words = Uint16Array.from(bits, (word) => {
    if ((word & 0x7fffffff) === 0) return 0;
    const exponent = ((word >>> 23) & 255) - 112;
    return ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 1023);
  });
  return new Uint8Array(words.buffer);
}

/** Numbers between -1 and 1. */
export function wave(count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(at * 7.3));
}

/** `count` samples of `size` numbers. */
export function samples(
  count: number,
  size: number,
  value = (at: number): number => Math.cos(at * 1.7),
) {
  const data = Float32Array.from({ length: count * size }, (_, at) => value(at));
  return tensor('float32', [count, size], data);
}
