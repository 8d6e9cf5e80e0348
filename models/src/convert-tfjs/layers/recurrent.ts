import { ints } from '../../onnx/builder.ts';
import type { Attribute } from '../../onnx/graph.ts';
import { permuted } from '../../tensor/strided.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { asFloat, plainValue, type Rule, type Site, sizeAt } from '../site.ts';
import type { Value } from '../value.ts';
import { activationName } from './activations.ts';
import { type Packed, pack } from './packed-steps.ts';

/** How a recurrent layer of tfjs stands in ONNX. */
interface Cell {
  readonly op: 'RNN' | 'GRU' | 'LSTM';
  /** For each gate of ONNX, in its order, the place of that gate in tfjs' weights. */
  readonly gates: readonly number[];
  /** Settings that name the activations, in ONNX's order, with what tfjs takes without them. */
  readonly activations: readonly (readonly [key: string, fallback: string])[];
  /** States between two steps: the output, and the LSTM's cell. */
  readonly states: number;
}

const rec = ['recurrent_activation', 'hard_sigmoid'] as const;
const act = ['activation', 'tanh'] as const;

const cells = {
  SimpleRNN: { op: 'RNN', gates: [0], activations: [act], states: 1 },
  // Update, reset and new gate stand in this order in both.
  GRU: { op: 'GRU', gates: [0, 1, 2], activations: [rec, act], states: 1 },
  // tfjs: input, forget, cell, output; ONNX: input, output, forget, cell.
  LSTM: { op: 'LSTM', gates: [0, 3, 1, 2], activations: [rec, act, act], states: 2 },
} as const satisfies Record<string, Cell>;

/** Activations within a cell: ONNX's name, and the numbers alpha and beta where it takes them. */
const inCells: Readonly<Record<string, readonly [name: string, ...numbers: number[]]>> = {
  tanh: ['Tanh'],
  sigmoid: ['Sigmoid'],
  relu: ['Relu'],
  softsign: ['Softsign'],
  softplus: ['Softplus'],
  elu: ['Elu', 1],
  hardsigmoid: ['HardSigmoid', 0.2, 0.5],
  linear: ['Affine', 1, 0],
};

/** What the steps of a recurrent layer give. */
export interface Steps {
  /** `[batch, steps, units]` in the order of the input's steps, whatever the direction. */
  readonly sequence: Value;
  /** The output after the last step taken, then the LSTM's cell; each `[batch, units]`. */
  readonly states: readonly Value[];
}

/** Whether the layer goes over its steps from the last to the first. */
const goesBackwards = ({ layer }: Site): boolean => layer.config.flag('go_backwards', false);

/** Runs a recurrent layer over the steps of its first input; further inputs are its first states. */
export function runSteps(site: Site): Steps {
  const cell = cellOf(site);
  const [given, ...starts] = site.inputs;
  if (given === undefined) return site.malformed('is called without an input');
  if (starts.length !== 0 && starts.length !== cell.states) {
    site.malformed(`starts from ${starts.length} states instead of ${cell.states}`);
  }
  if (site.layer.config.flag('stateful', false)) {
    site.note('is stateful: the ONNX model starts from zero in every run');
  }
  const input = asFloat(site, given);
  const packed = input.mask === undefined ? undefined : pack(site, input, input.mask);
  const units = site.layer.config.number('units');
  const [sequence = '', ...states] = site.ops(
    cell.op,
    nodeInputs(site, { cell, input, starts, packed }),
    {
      outputs: 1 + cell.states,
      attributes: attributesOf(site, cell, units),
    },
  );
  const [batch, steps] = input.dims;
  const flat = site.op('Squeeze', [sequence, site.graph.ints([1])]);
  const turned = site.op('Transpose', [flat], { perm: ints([1, 0, 2]) });
  const last = states.map((name) => site.op('Squeeze', [name, site.graph.ints([0])]));
  const zero = site.graph.scalar(0);
  const start = starts.map((value) => site.plain(value));
  const spread = packed?.unpack(turned, { start: start[0], isBackward: goesBackwards(site) });
  const kept = last.map((name, at) => packed?.keep(name, start[at] ?? zero) ?? name);
  return {
    sequence: { ...plainValue(spread ?? turned, [batch, steps, units]), mask: input.mask },
    states: kept.map((name) => plainValue(name, [batch, units])),
  };
}

function cellOf(site: Site): Cell {
  const { className } = site.layer;
  if (Object.hasOwn(cells, className)) return cells[className as keyof typeof cells];
  const known = Object.keys(cells).join(', ');
  return site.refuse(`is no recurrent layer that is known here; known are ${known}`);
}

function nodeInputs(
  site: Site,
  call: {
    readonly cell: Cell;
    readonly input: Value;
    readonly starts: readonly Value[];
    readonly packed: Packed | undefined;
  },
): readonly string[] {
  const { cell, input, starts, packed } = call;
  const steps = packed?.steps ?? site.plain(input);
  const inFront = site.op('Transpose', [steps], { perm: ints([1, 0, 2]) });
  const weights = weightsOf(site, cell, sizeAt(site, input, 2));
  const first = starts.map((value) =>
    site.op('Unsqueeze', [site.plain(asFloat(site, value)), site.graph.ints([0])]),
  );
  const tail = first.length === 0 && packed === undefined ? [] : [packed?.lengths ?? '', ...first];
  return [inFront, ...weights, ...tail];
}

function attributesOf(site: Site, cell: Cell, units: number): Record<string, Attribute> {
  const functions = cell.activations.map(([key, fallback]) => {
    const name = activationName(site, key, fallback);
    const found = Object.hasOwn(inCells, name) ? inCells[name] : undefined;
    if (found !== undefined) return found;
    const known = Object.keys(inCells).join(', ');
    return site.refuse(`uses the activation ${name} within its steps; known are ${known}`);
  });
  const encoder = new TextEncoder();
  const numbers = (at: 1 | 2): Attribute => ({
    type: 'floats',
    value: functions.flatMap((each) => each[at] ?? []),
  });
  const [alpha, beta] = [numbers(1), numbers(2)];
  const has = ({ value }: Attribute): boolean => Array.isArray(value) && value.length > 0;
  return {
    hidden_size: { type: 'int', value: BigInt(units) },
    direction: {
      type: 'string',
      value: encoder.encode(goesBackwards(site) ? 'reverse' : 'forward'),
    },
    activations: { type: 'strings', value: functions.map(([name]) => encoder.encode(name)) },
    ...(has(alpha) ? { activation_alpha: alpha } : {}),
    ...(has(beta) ? { activation_beta: beta } : {}),
    ...(cell.op === 'GRU'
      ? { linear_before_reset: { type: 'int', value: resetsAfter(site) ? 1n : 0n } as const }
      : {}),
  };
}

/** Whether a GRU's reset gate comes after its product: Keras 2's default, which tfjs cannot run. */
const resetsAfter = ({ layer }: Site): boolean => layer.config.flag('reset_after', false);

/** W, R and, where the layer has one, B, as ONNX orders them. */
function weightsOf(site: Site, { gates }: Cell, features: number): readonly string[] {
  const units = site.layer.config.number('units');
  const width = gates.length * units;
  const matrix = (name: string, rows: number): string => {
    const turned = permuted(site.weight(name, [rows, width]), [1, 0]);
    const data = reorder(turned.data, gates);
    return site.constant(name, tensor('float32', [1, width, rows], data));
  };
  const both = [matrix('kernel', features), matrix('recurrent_kernel', units)];
  if (!site.layer.config.flag('use_bias', true)) return [...both, ''];
  return [...both, site.constant('bias', biasOf(site, gates, width))];
}

function biasOf(site: Site, gates: readonly number[], width: number): Tensor<'float32'> {
  const isDouble = site.layer.className === 'GRU' && resetsAfter(site);
  const bias = site.weight('bias', isDouble ? [2, width] : [width]);
  const data = new Float32Array(2 * width);
  data.set(reorder(bias.data.subarray(0, width), gates));
  if (isDouble) data.set(reorder(bias.data.subarray(width), gates), width);
  return tensor('float32', [1, 2 * width], data);
}

/** Equal blocks in another order. */
function reorder(data: Float32Array, order: readonly number[]): Float32Array {
  const size = data.length / order.length;
  const result = new Float32Array(data.length);
  for (const [to, from] of order.entries()) {
    result.set(data.subarray(from * size, (from + 1) * size), to * size);
  }
  return result;
}

/** `value` with its steps from the last to the first. */
function reversedSteps(site: Site, value: Value): Value {
  const [start, end, axis, step] = [-1, -(2 ** 31), 1, -1].map((number) =>
    site.graph.ints([number]),
  );
  const inputs = [site.plain(value), start, end, axis, step].map(String);
  return { ...value, layout: 'plain', name: site.op('Slice', inputs) };
}

const recurrent: Rule = (site) => {
  const { config } = site.layer;
  const { sequence, states } = runSteps(site);
  const [last = sequence] = states;
  const inOrder = goesBackwards(site) ? () => reversedSteps(site, sequence) : () => sequence;
  const output = config.flag('return_sequences', false) ? inOrder() : last;
  return config.flag('return_state', false) ? [output, ...states] : output;
};

/** Layers that go over the steps of a sequence. */
export const recurrentRules: Readonly<Record<string, Rule>> = {
  SimpleRNN: recurrent,
  GRU: recurrent,
  LSTM: recurrent,
};
