import { FleetError } from '@edgewise/protocol';
import { createFreshNames } from '../../onnx/edit.ts';
import type { Attribute, Graph, Initializer, Node } from '../../onnx/graph.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { ByteType, Params } from './formulas.ts';
import type { Marks } from './marks.ts';
import { type GridOptions, quantizeBiasTensor, quantizeConstant, typeOf } from './tensors.ts';

/** What placing needs: the marks and the numbers for them. */
export interface Plan {
  readonly marks: Marks;
  readonly activations: ReadonlyMap<string, Params>;
  readonly constants: ReadonlyMap<string, readonly Params[]>;
  readonly options: GridOptions;
}

/**
 * The graph with a QuantizeLinear and DequantizeLinear pair on every marked activation and a
 * DequantizeLinear on every marked constant, whose numbers are now integers. Constants keep their
 * name as output of that node, so that whoever reads them stays as it is.
 */
export function place(graph: Graph, plan: Plan): Graph {
  const { marks } = plan;
  const store = createStore({ ...graph, initializers: marks.constants });
  const grids = createGrids(plan, store);
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const pairs = new Map<string, Pair>();
  const constantNodes: Node[] = [];
  for (const name of marks.tensors.keys()) {
    if (marks.constants.has(name))
      constantNodes.push(dequantizedConstant(name, plan, store, grids));
    else pairs.set(name, pairFor({ name, isOutput: outputs.has(name) }, grids(name), store));
  }
  for (const name of marks.biases.keys()) constantNodes.push(dequantizedBias(name, plan, store));

  const nodes = [...constantNodes];
  for (const { name } of graph.inputs) nodes.push(...(pairs.get(name)?.nodes ?? []));
  for (const node of marks.nodes()) {
    nodes.push({
      ...node,
      inputs: node.inputs.map((name) => pairs.get(name)?.readAs ?? name),
      outputs: node.outputs.map((name) => pairs.get(name)?.writtenAs ?? name),
    });
    for (const name of node.outputs) nodes.push(...(pairs.get(name)?.nodes ?? []));
  }
  const initializers = store.initializers();
  // A constant that is an input as well now comes from a node: nobody can give it any more.
  const gone = (name: string): boolean => graph.initializers.has(name) && !initializers.has(name);
  const inputs = graph.inputs.filter(({ name }) => !gone(name));
  return { ...graph, inputs, nodes, initializers, values: new Map() };
}

/** The names of a scale and a zero point, and their numbers. */
interface Grid {
  readonly names: readonly [scale: string, zero: string];
  readonly params: readonly Params[];
}

/** A Q and DQ node on an activation, and the names by which others now know it. */
interface Pair {
  readonly nodes: readonly Node[];
  readonly readAs: string;
  readonly writtenAs: string;
}

/** The value of a graph output is what comes out of the pair; of any other, what goes in. */
function pairFor(
  { name, isOutput }: { readonly name: string; readonly isOutput: boolean },
  { names }: Grid,
  store: Store,
): Pair {
  const integer = store.fresh(`${name}_q`);
  const other = store.fresh(`${name}_${isOutput ? 'float' : 'dq'}`);
  const [writtenAs, readAs] = isOutput ? [other, name] : [name, other];
  return {
    readAs,
    writtenAs,
    nodes: [
      linear('QuantizeLinear', [writtenAs, ...names], integer),
      linear('DequantizeLinear', [integer, ...names], readAs),
    ],
  };
}

function dequantizedConstant(name: string, plan: Plan, store: Store, grids: Grids): Node {
  const mark = plan.marks.tensors.get(name) ?? { role: 'activation' };
  const { names, params } = grids(name);
  const constant = plan.marks.constants.get(name) as Tensor<'float32'>;
  const marked = { name, mark, constant };
  const integer = store.replace(name, quantizeConstant(marked, params, plan.options));
  return linear('DequantizeLinear', [integer, ...names], name, mark.axis);
}

function dequantizedBias(name: string, plan: Plan, store: Store): Node {
  const { marks } = plan;
  const mark = marks.biases.get(name);
  const constant = marks.constants.get(name) as Tensor<'float32'>;
  const [input] = sharedParams(mark?.input ?? '', plan);
  const weight = sharedParams(mark?.weight ?? '', plan);
  if (mark === undefined || input === undefined) throw missingRange(name);
  const { data, scales } = quantizeBiasTensor(constant, mark, { input, weight });
  const integer = store.replace(name, data);
  const dims = scales.length === 1 ? [] : [scales.length];
  const scale = store.add(`${name}_scale`, tensor('float32', dims, scales));
  const zero = store.zeros(tensor('int32', dims, new Int32Array(scales.length)));
  return linear(
    'DequantizeLinear',
    [integer, scale, zero],
    name,
    dims.length === 1 ? 0 : undefined,
  );
}

type Grids = (name: string) => Grid;

/** Scales and zero points as constants of the graph, each made once. */
function createGrids(plan: Plan, store: Store): Grids {
  const made = new Map<string, Grid>();
  return (asked) => {
    const name = ownerOf(asked, plan.marks);
    const known = made.get(name);
    if (known !== undefined) return known;
    const mark = plan.marks.tensors.get(name);
    const params = sharedParams(name, plan);
    const dims = mark?.axis === undefined ? [] : [params.length];
    const scales = Float32Array.from(params, ({ scale }) => scale);
    const scale = store.add(`${name}_scale`, tensor('float32', dims, scales));
    const zero = store.zeros(zerosOf(typeOf(name, plan.marks, plan.options), dims, params));
    const grid: Grid = { names: [scale, zero], params };
    made.set(name, grid);
    return grid;
  };
}

function zerosOf(type: ByteType, dims: readonly number[], params: readonly Params[]) {
  const zeros = params.map(({ zero }) => zero);
  return type === 'int8'
    ? tensor(type, dims, Int8Array.from(zeros))
    : tensor(type, dims, Uint8Array.from(zeros));
}

/** Follows shared grids to the tensor that has one of its own. */
function ownerOf(name: string, marks: Marks): string {
  let owner = name;
  for (let mark = marks.tensors.get(owner); mark?.sameAs !== undefined; ) {
    owner = mark.sameAs;
    mark = marks.tensors.get(owner);
  }
  return owner;
}

function sharedParams(name: string, { marks, activations, constants }: Plan): readonly Params[] {
  const owner = ownerOf(name, marks);
  const activation = activations.get(owner);
  const params = constants.get(owner) ?? (activation === undefined ? undefined : [activation]);
  if (params === undefined) throw missingRange(owner);
  return params;
}

function missingRange(name: string): FleetError {
  return new FleetError('invalid-argument', `No range was calibrated for ${name}.`);
}

/** The constants of the new graph. */
interface Store {
  fresh(stem: string): string;
  add(stem: string, constant: Initializer): string;
  /** Puts an integer constant in the place of a float one; gives its name. */
  replace(name: string, constant: Initializer): string;
  /** Zero points: equal ones are kept once. */
  zeros(constant: Tensor<'int8'> | Tensor<'uint8'> | Tensor<'int32'>): string;
  initializers(): ReadonlyMap<string, Initializer>;
}

function createStore(graph: Graph): Store {
  const fresh = createFreshNames(graph);
  const constants = new Map(graph.initializers);
  const zeros = new Map<string, string>();
  const add = (stem: string, constant: Initializer): string => {
    const name = fresh(stem);
    constants.set(name, constant);
    return name;
  };
  return {
    fresh,
    add,
    replace(name, constant) {
      constants.delete(name);
      return add(`${name}_q`, constant);
    },
    zeros(constant) {
      const { dtype, dims, data } = constant;
      const key = `${dtype}[${dims.join()}]${data.join()}`;
      const name = zeros.get(key) ?? add('zero', constant);
      zeros.set(key, name);
      return name;
    },
    initializers: () => constants,
  };
}

function linear(op: string, inputs: readonly string[], output: string, axis?: number): Node {
  const attributes = new Map<string, Attribute>();
  if (axis !== undefined) attributes.set('axis', { type: 'int', value: BigInt(axis) });
  return { name: '', op, domain: '', inputs, outputs: [output], attributes };
}
