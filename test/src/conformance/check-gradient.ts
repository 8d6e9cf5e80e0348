import {
  createGraphBuilder,
  dimsOf,
  type Initializer,
  inferShapes,
  type Model,
  upgradeOpset,
  writeModel,
} from '@edgewise/models/onnx';
import { createRandom } from '@edgewise/models/random';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { elementCount, type Tensor, tensor } from '@edgewise/models/tensor';
import { createTape, gradients } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { ExpectedRun, OperatorCase } from './operator-cases.ts';

/** `refused`: the rule says that it cannot do this form of the operator. */
export type GradientResult = 'passed' | 'refused' | 'wrong';

/** Half the distance between the two points of a difference. */
const step = 4e-3;
/** How far a derivative along a direction may lie from the difference, relative to the gradient. */
const tolerance = 1e-2;
/** Points near the inputs of a case; one may lie on a kink, where no derivative exists. */
const points = 6;

/**
 * Compares gradients with central differences along random directions, one input after the other,
 * at points near the inputs of the case. `undefined` where there is no rule for the operator, or no
 * float32 input or output.
 */
export async function checkGradient(one: OperatorCase): Promise<GradientResult | undefined> {
  const [run] = one.runs;
  const [node] = one.model.graph.nodes;
  if (run === undefined || node === undefined || one.model.graph.nodes.length > 1) return undefined;
  if (node.domain !== '' || !Object.hasOwn(gradients, node.op)) return undefined;
  const wanted = variablesOf(run);
  const [output] = run.outputs.values();
  if (wanted.length === 0 || output?.dtype !== 'float32') return undefined;
  const current = currentModel(one.model);
  if (current === undefined) return undefined;
  try {
    const model = gradientModel(current, run, wanted);
    return (await isRight(model, run, wanted)) ? 'passed' : 'wrong';
  } catch (error) {
    if (error instanceof FleetError && error.code === 'unsupported') return 'refused';
    throw error;
  }
}

/** Gradients are written for operator set 13 and later. */
function currentModel(model: Model): Model | undefined {
  if ((model.opsets.get('') ?? 0) >= 13) return model;
  try {
    return upgradeOpset(model);
  } catch (error) {
    if (error instanceof FleetError && error.code === 'unsupported') return undefined;
    throw error;
  }
}

/** Float inputs of the case; sizes, scales and scalars are constants of the graph. */
function variablesOf(run: ExpectedRun): readonly string[] {
  return [...run.inputs]
    .filter(([, value], at) => isFloat(value) && (at === 0 || value.dims.length > 0))
    .map(([name]) => name);
}

const isFloat = (value: Initializer | undefined): value is Tensor<'float32'> =>
  value?.dtype === 'float32';

function gradientModel(model: Model, run: ExpectedRun, wanted: readonly string[]): Model {
  const { graph: original } = model;
  const initializers = new Map(original.initializers);
  for (const [name, value] of run.inputs) {
    if (value !== undefined && !wanted.includes(name)) initializers.set(name, value);
  }
  const inputs = original.inputs
    .filter(({ name }) => wanted.includes(name))
    .map((input) => ({ ...input, dims: run.inputs.get(input.name)?.dims }));
  const { graph: forward } = inferShapes({
    ...model,
    graph: { ...original, inputs, initializers },
  });
  const opset = model.opsets.get('') ?? 17;
  const graph = createGraphBuilder({ name: 'gradient', opset: Math.max(opset, 13) });
  for (const { name, dims } of inputs) graph.input(name, 'float32', dims ?? []);
  for (const [name, value] of initializers) graph.initializer(name, value);
  const tape = createTape(graph, {
    dims: (name) => dimsOf(forward, name),
    constant: (name) => {
      const data = forward.initializers.get(name)?.data;
      return ArrayBuffer.isView(data) ? Array.from(data as Float32Array, Number) : undefined;
    },
  });
  for (const node of forward.nodes) tape.forward(node);
  const [output = ''] = original.outputs.map(({ name }) => name);
  const dims = dimsOf(forward, output);
  const seed = graph.constant(tensor('float32', dims, weights(elementCount(dims))));
  const results = tape.backward(new Map([[output, seed]]), wanted);
  graph.op('Identity', [output], { output: 'edgewise_output' });
  graph.output('edgewise_output', 'float32', dims);
  for (const name of wanted) {
    const gradient = results.get(name);
    if (gradient === undefined) continue;
    graph.op('Identity', [gradient], { output: gradientName(name) });
    graph.output(gradientName(name), 'float32', run.inputs.get(name)?.dims ?? []);
  }
  return graph.build();
}

const gradientName = (name: string): string => `edgewise_gradient_${name}`;

async function isRight(
  model: Model,
  run: ExpectedRun,
  wanted: readonly string[],
): Promise<boolean> {
  await using session = await createOnnxRuntime().load(writeModel(model), { optimise: 'none' });
  const names = new Set(model.graph.outputs.map(({ name }) => name));
  const masks = Object.fromEntries(
    session.inputs
      .filter(({ name }) => name.endsWith('_mask'))
      .map(({ name, dims }) => [name, ones(dims as readonly number[])]),
  );
  const evaluate = async (values: Readonly<Record<string, Tensor>>) => {
    const results = await session.run({ ...values, ...masks });
    return { results, loss: weighted(results.edgewise_output?.data as Float32Array) };
  };
  for (const name of wanted) {
    if (!names.has(gradientName(name))) continue;
    let right = false;
    for (let point = 0; point < points && !right; point++) {
      const values = valuesNear(run, wanted, point);
      const direction = directionOf(values[name]?.dims ?? [], point);
      const exact = (await evaluate(values)).results[gradientName(name)]?.data as Float32Array;
      const moved = (sign: number) => ({
        ...values,
        [name]: shifted(values[name], direction, sign),
      });
      const ends = [(await evaluate(moved(1))).loss, (await evaluate(moved(-1))).loss] as const;
      const numeric = (ends[0] - ends[1]) / (2 * step);
      right = isNear(exact, direction, numeric, Math.abs(ends[0]));
    }
    if (!right) return false;
  }
  return true;
}

function isNear(
  exact: Float32Array,
  direction: Float32Array,
  numeric: number,
  loss: number,
): boolean {
  let along = 0;
  let square = 0;
  for (const [at, part] of exact.entries()) {
    along += part * (direction[at] ?? 0);
    square += part ** 2;
  }
  // What float32 leaves of a difference of two losses.
  const noise = (loss * 2 ** -22) / step;
  return Math.abs(along - numeric) <= tolerance * Math.max(Math.sqrt(square), 0.05) + noise;
}

/** The case's own inputs first, then points a little away from them, the last ones positive. */
function valuesNear(
  run: ExpectedRun,
  wanted: readonly string[],
  point: number,
): Readonly<Record<string, Tensor>> {
  const { normal } = createRandom(3, point);
  return Object.fromEntries(
    wanted.map((name) => {
      const value = run.inputs.get(name) as Tensor<'float32'>;
      const away = (x: number): number => x + (point === 0 ? 0 : 0.05) * normal();
      const data = value.data.map((x) => (point < points / 2 ? away(x) : Math.abs(away(x)) + 0.25));
      return [name, tensor('float32', value.dims, data)];
    }),
  );
}

function directionOf(dims: readonly number[], point: number): Float32Array {
  const { normal } = createRandom(17, point);
  const direction = Float32Array.from({ length: elementCount(dims) }, () => normal());
  const length = Math.sqrt(direction.reduce((sum, part) => sum + part ** 2, 0)) || 1;
  return direction.map((part) => part / length);
}

function shifted(value: Tensor | undefined, direction: Float32Array, sign: number): Tensor {
  const data = value?.data as Float32Array;
  return tensor(
    'float32',
    value?.dims ?? [],
    data.map((x, at) => x + sign * step * (direction[at] ?? 0)),
  );
}

/** Nothing is dropped out. */
function ones(dims: readonly number[]): Tensor {
  return tensor('float32', dims, new Float32Array(elementCount(dims)).fill(1));
}

function weights(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.cos(at + 0.5));
}

function weighted(values: Float32Array): number {
  const factors = weights(values.length);
  return values.reduce((sum, value, at) => sum + value * (factors[at] ?? 0), 0);
}
