import { int, ints } from '../../onnx/builder.ts';
import { createFreshNames } from '../../onnx/edit.ts';
import type { Attribute, Graph, Initializer, Node } from '../../onnx/graph.ts';
import { tensor } from '../../tensor/tensor.ts';
import type { ActivationGrid, WeightGrid } from './plan.ts';

/** Writes the nodes that round values to a grid and back; each gives the name of what is rounded. */
export interface Rounding {
  /** A weight of these sizes, on the grid of the largest magnitude, or of that of each slice. */
  weight(name: string, dims: readonly number[], grid: WeightGrid): string;
  /** A constant of these sizes, on a uint8 grid between its least and its greatest number, and zero. */
  numbers(name: string, dims: readonly number[]): string;
  /** Ends at `output`, or a fresh name. */
  activation(name: string, grid: ActivationGrid, output?: string): string;
  readonly nodes: Node[];
  readonly initializers: ReadonlyMap<string, Initializer>;
  fresh(stem: string): string;
}

/** As `TensorProto.DataType` of ONNX numbers it. */
const uint8Type = 2;

/** A scale for slices that are zero throughout. */
const smallestScale = 2 ** -126;

/** Starts with the constants of a graph and no nodes. */
export function createRounding(graph: Graph, opset: number): Rounding {
  const fresh = createFreshNames(graph);
  const initializers = new Map<string, Initializer>(graph.initializers);
  const nodes: Node[] = [];
  const constant = (stem: string, value: Initializer): string => {
    const name = fresh(stem);
    initializers.set(name, value);
    return name;
  };
  const scalar = (stem: string, value: number): string =>
    constant(stem, tensor('float32', [], new Float32Array([value])));
  const write = (
    op: string,
    inputs: readonly string[],
    { attributes = {}, output = fresh(`${inputs[0]}_${op.toLowerCase()}`) }: Written = {},
  ): string => {
    const entries = new Map(Object.entries(attributes));
    nodes.push({ name: '', op, domain: '', inputs, outputs: [output], attributes: entries });
    return output;
  };
  /** ReduceMax and ReduceMin take their axes as an input from operator set 18 on. */
  const extreme = (
    op: 'ReduceMax' | 'ReduceMin',
    value: string,
    axes: readonly number[],
  ): string => {
    if (opset < 18) {
      return write(op, [value], { attributes: { axes: ints(axes), keepdims: int(0) } });
    }
    const list = tensor('int64', [axes.length], BigInt64Array.from(axes, BigInt));
    const inputs = [value, constant('axes', list)];
    return write(op, inputs, { attributes: { keepdims: int(0) } });
  };
  return {
    nodes,
    initializers,
    fresh,
    weight(name, dims, { axis, bits }) {
      const others = dims.map((_, at) => at).filter((at) => at !== axis);
      const most = extreme('ReduceMax', write('Abs', [name]), others);
      const step = write('Div', [most, scalar('steps', 2 ** (bits - 1) - 1)]);
      const scale = write('Max', [step, scalar('least', smallestScale)]);
      const sizes = axis === undefined ? [] : [dims[axis] ?? 1];
      const zero = constant('zero', tensor('int8', sizes, new Int8Array(sizes[0] ?? 1)));
      const attributes = axis === undefined ? {} : { axis: int(axis) };
      const integers = write('QuantizeLinear', [name, scale, zero], { attributes });
      return write('DequantizeLinear', [integers, scale, zero], { attributes });
    },
    numbers(name, dims) {
      const axes = [...dims.keys()];
      const none = scalar('none', 0);
      const low = write('Min', [extreme('ReduceMin', name, axes), none]);
      const high = write('Max', [extreme('ReduceMax', name, axes), none]);
      const step = write('Div', [write('Sub', [high, low]), scalar('steps', 255)]);
      const scale = write('Max', [step, scalar('least', smallestScale)]);
      const below = write('Round', [write('Div', [write('Neg', [low]), scale])]);
      const zero = write('Cast', [below], { attributes: { to: int(uint8Type) } });
      const integers = write('QuantizeLinear', [name, scale, zero]);
      return write('DequantizeLinear', [integers, scale, zero]);
    },
    activation(name, { scale, zero }, output) {
      const bounds = [0, 255].map((end) => scalar('bound', Math.fround(scale * (end - zero))));
      const inside = write('Clip', [name, ...bounds]);
      const grid = [
        scalar('scale', scale),
        constant('zero', tensor('uint8', [], new Uint8Array([zero]))),
      ];
      const integers = write('QuantizeLinear', [inside, ...grid]);
      return write('DequantizeLinear', [integers, ...grid], output === undefined ? {} : { output });
    },
  };
}

interface Written {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly output?: string;
}
