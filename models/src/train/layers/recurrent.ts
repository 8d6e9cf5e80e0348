import Type from 'typebox';
import { type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import { tensor } from '../../tensor/tensor.ts';
import { type LayerCall, layerKind, needsSeries, type Parameter } from './layer.ts';

/**
 * Recurrent layers. A finished model has the ONNX operator: one node, whatever the number of steps.
 * While training, the steps are written out one after the other, so that the gradient comes from
 * the rules of the small operators. Both compute the same and hold their weights in the operator's form.
 */
const fields = {
  units: Type.Integer({ minimum: 1, maximum: 4096 }),
  /** `last` (default): the state after the last step, a vector; `all`: after each, a series. */
  returns: Type.Optional(Type.Enum(['last', 'all'])),
};

interface Recurrent {
  readonly units: number;
  readonly returns?: 'last' | 'all';
}

/** Every step is a dozen nodes of the training graph; more take minutes to load. */
const mostSteps = 1024;

function resize({ units, returns = 'last' }: Recurrent, dims: readonly number[]) {
  const [, steps = 0] = dims;
  const misfit = needsSeries(dims);
  if (misfit !== undefined) return misfit;
  if (steps > mostSteps) {
    return {
      misfit: `it follows at most ${mostSteps} steps, but the layers before it give ${steps}; put a pool or a convolution with a stride before it`,
    };
  }
  return returns === 'last' ? [units] : [units, steps];
}

/** Weights of all gates below each other, and two biases: for the input and for the state. */
function parametersOf(
  units: number,
  channels: number,
  biases: readonly number[],
): readonly Parameter[] {
  const rows = (biases.length / 2) * units;
  // Half the variance that a rectifier would need: sigmoid and tanh halve nothing.
  const start = (inputs: number) => ({ fanIn: 2 * inputs });
  const bias = { dims: [1, biases.length * units], start: { blocks: biases } };
  return [
    { name: 'weight', dims: [1, rows, channels], start: start(channels), role: 'trained' },
    { name: 'recurrence', dims: [1, rows, units], start: start(units), role: 'trained' },
    { name: 'bias', ...bias, role: 'trained' },
  ];
}

/** Gated recurrent unit with the reset gate behind the product (Cho et al. 2014; cuDNN's form). */
export const gru = layerKind({
  schema: Type.Object({ kind: Type.Literal('gru'), ...fields }, { additionalProperties: false }),
  resize,
  parameters: ({ units }, [channels = 0]) => parametersOf(units, channels, [0, 0, 0, 0, 0, 0]),
  write(layer, call) {
    if (call.mode === 'training') unroll(layer, call, { gates: 3, step: gruStep });
    else writeOperator('GRU', layer, call);
  },
});

/** Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gates, which start open. */
export const lstm = layerKind({
  schema: Type.Object({ kind: Type.Literal('lstm'), ...fields }, { additionalProperties: false }),
  resize,
  parameters: ({ units }, [channels = 0]) =>
    parametersOf(units, channels, [0, 0, 1, 0, 0, 0, 0, 0]),
  write(layer, call) {
    if (call.mode === 'training') unroll(layer, call, { gates: 4, step: lstmStep });
    else writeOperator('LSTM', layer, call);
  },
});

/** The operator over `[steps, batch, channels]`. */
function writeOperator(op: 'GRU' | 'LSTM', { units, returns }: Recurrent, call: LayerCall): void {
  const { graph, output } = call;
  const series = graph.op('Transpose', [call.input], { attributes: { perm: ints([2, 0, 1]) } });
  const weights = ['weight', 'recurrence', 'bias'].map(call.parameter);
  const reset = op === 'GRU' ? { linear_before_reset: int(1) } : {};
  const attributes = { hidden_size: int(units), ...reset };
  const [every, last] = [`${output}_every`, `${output}_last`];
  if (returns === 'all') {
    graph.ops(op, [series, ...weights], [every], { attributes });
    const joined = graph.op('Squeeze', [every, graph.ints([1])]);
    graph.op('Transpose', [joined], { output, attributes: { perm: ints([1, 2, 0]) } });
    return;
  }
  graph.ops(op, [series, ...weights], ['', last], { attributes });
  graph.op('Squeeze', [last, graph.ints([0])], { output });
}

/** What one step has: its share of the input's products, and what the step before left. */
interface Step {
  readonly graph: GraphBuilder;
  readonly units: number;
  /** Products of the inputs with all gates' weights, with their bias: `[batch, gates * units]`. */
  readonly fromInput: string;
  /** The same of the state; before the first step only the bias, `[1, gates * units]`. */
  readonly fromState: string;
  readonly state: string | undefined;
  readonly cell: string | undefined;
}

interface Cell {
  readonly gates: number;
  step(step: Step): { readonly state: string; readonly cell?: string };
}

function unroll({ units, returns }: Recurrent, call: LayerCall, { gates, step }: Cell): void {
  const { graph, parameter, output } = call;
  const [channels = 0, steps = 0] = call.dims;
  const shaped = (name: string, dims: readonly number[]): string =>
    graph.op('Reshape', [parameter(name), graph.ints(dims)]);
  const rows = gates * units;
  const recurrence = shaped('recurrence', [rows, units]);
  const [inputBias = '', stateBias = ''] = parts(graph, shaped('bias', [1, 2 * rows]), {
    axis: 1,
    sizes: [rows, rows],
  });
  const transposed = { attributes: { transB: int(1) } };
  const series = graph.op('Transpose', [call.input], { attributes: { perm: ints([2, 0, 1]) } });
  const flat = graph.op('Reshape', [series, graph.ints([-1, channels])]);
  const products = graph.op(
    'Gemm',
    [flat, shaped('weight', [rows, channels]), inputBias],
    transposed,
  );
  const recall = (state: string): string =>
    graph.op('Gemm', [state, recurrence, stateBias], transposed);
  // The state before the first step is zero and leaves the bias. A series of one step asks for the
  // product all the same: what the loss does not depend on has no gradient.
  const nothing = () => graph.constant(tensor('float32', [1, units], new Float32Array(units)));
  const atStart = steps === 1 ? recall(nothing()) : stateBias;
  let last: ReturnType<Cell['step']> | undefined;
  const states: string[] = [];
  for (const fromInput of parts(graph, products, { axis: 0, count: steps })) {
    const fromState = last === undefined ? atStart : recall(last.state);
    const before = { state: last?.state, cell: last?.cell };
    last = step({ graph, units, fromInput, fromState, ...before });
    states.push(last.state);
  }
  if (returns === 'all') {
    const columns = states.map((state) => graph.op('Unsqueeze', [state, graph.ints([2])]));
    graph.op('Concat', columns, { output, attributes: { axis: int(2) } });
  } else graph.op('Identity', [states.at(-1) ?? ''], { output });
}

/** z and r of sigmoids, n = tanh(x + r h), h' = n + z (h - n); ONNX GRU, `linear_before_reset` 1. */
function gruStep({ graph, units, fromInput, fromState, state }: Step) {
  const sizes = [2 * units, units];
  const [inputGates = '', inputNew = ''] = parts(graph, fromInput, { axis: 1, sizes });
  const [stateGates = '', stateNew = ''] = parts(graph, fromState, { axis: 1, sizes });
  const both = graph.op('Sigmoid', [graph.op('Add', [inputGates, stateGates])]);
  const [update = '', reset = ''] = parts(graph, both, { axis: 1, count: 2 });
  const recalled = graph.op('Mul', [reset, stateNew]);
  const fresh = graph.op('Tanh', [graph.op('Add', [inputNew, recalled])]);
  if (state === undefined) {
    return { state: graph.op('Sub', [fresh, graph.op('Mul', [update, fresh])]) };
  }
  const kept = graph.op('Mul', [update, graph.op('Sub', [state, fresh])]);
  return { state: graph.op('Add', [fresh, kept]) };
}

/** i, o and f of sigmoids, c' = f c + i tanh(x + h), h' = o tanh(c'); ONNX LSTM, gates in order i o f c. */
function lstmStep({ graph, units, fromInput, fromState, cell }: Step) {
  const joined = graph.op('Add', [fromInput, fromState]);
  const sizes = [3 * units, units];
  const [gates = '', news = ''] = parts(graph, joined, { axis: 1, sizes });
  const open = graph.op('Sigmoid', [gates]);
  const [input = '', output = '', forget = ''] = parts(graph, open, { axis: 1, count: 3 });
  const added = graph.op('Mul', [input, graph.op('Tanh', [news])]);
  const next =
    cell === undefined ? added : graph.op('Add', [added, graph.op('Mul', [forget, cell])]);
  return { state: graph.op('Mul', [output, graph.op('Tanh', [next])]), cell: next };
}

/** Cuts a value along an axis: into parts of the given sizes, or into as many equal ones as asked. */
function parts(
  graph: GraphBuilder,
  value: string,
  cut: { readonly axis: number } & (
    | { readonly sizes: readonly number[] }
    | { readonly count: number }
  ),
): readonly string[] {
  const count = 'count' in cut ? cut.count : cut.sizes.length;
  if (count === 1) return [value];
  const sizes = 'sizes' in cut ? [graph.ints(cut.sizes)] : [];
  const names = Array.from({ length: count }, (_, part) => `${value}_part${part}`);
  graph.ops('Split', [value, ...sizes], names, { attributes: { axis: int(cut.axis) } });
  return names;
}
