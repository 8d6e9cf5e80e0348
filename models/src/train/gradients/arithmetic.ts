import { FleetError } from '@edgewise/protocol';
import type { BackwardCall, GradientRule } from './rule.ts';
import { sumTo } from './write.ts';

/** Element-wise operators of two inputs that broadcast, and of one input. */
export const arithmeticRules: Readonly<
  Record<
    'Add' | 'Sub' | 'Mul' | 'Div' | 'Neg' | 'Exp' | 'Log' | 'Sqrt' | 'Pow' | 'Sum' | 'Where',
    GradientRule
  >
> = {
  Add: {
    backward: (call) =>
      both(
        call,
        () => call.gradient,
        () => call.gradient,
      ),
  },
  Sub: {
    backward: (call) =>
      both(
        call,
        () => call.gradient,
        () => call.graph.op('Neg', [call.gradient]),
      ),
  },
  Mul: {
    backward: (call) =>
      both(
        call,
        ([, right]) => call.graph.op('Mul', [call.gradient, right]),
        ([left]) => call.graph.op('Mul', [call.gradient, left]),
      ),
  },
  Div: {
    backward: (call) =>
      both(
        call,
        ([, right]) => call.graph.op('Div', [call.gradient, right]),
        ([, right]) => {
          const [quotient = ''] = call.outputs;
          const scaled = call.graph.op('Div', [
            call.graph.op('Mul', [call.gradient, quotient]),
            right,
          ]);
          return call.graph.op('Neg', [scaled]);
        },
      ),
  },
  /** p x^(p - 1), for a constant exponent. */
  Pow: { backward: (call) => [powGradient(call)] },
  Sum: {
    backward: (call) => {
      const full = call.dims(call.outputs[0] ?? '');
      return call.inputs.map((name, input) =>
        call.wants(input) ? sumTo(call.graph, call.gradient, full, call.dims(name)) : undefined,
      );
    },
  },
  Where: {
    backward: (call) => {
      const { graph, gradient } = call;
      const [condition = ''] = call.inputs;
      const full = call.dims(call.outputs[0] ?? '');
      const zero = graph.scalar(0);
      const side = (input: number, parts: readonly [string, string]): string | undefined =>
        call.wants(input)
          ? sumTo(
              graph,
              graph.op('Where', [condition, ...parts]),
              full,
              call.dims(call.inputs[input] ?? ''),
            )
          : undefined;
      return [undefined, side(1, [gradient, zero]), side(2, [zero, gradient])];
    },
  },
  Neg: { backward: (call) => [call.graph.op('Neg', [call.gradient])] },
  Exp: { backward: (call) => [call.graph.op('Mul', [call.gradient, call.outputs[0] ?? ''])] },
  Log: { backward: (call) => [call.graph.op('Div', [call.gradient, call.inputs[0] ?? ''])] },
  Sqrt: {
    backward: (call) => {
      const half = call.graph.op('Mul', [call.gradient, call.graph.scalar(0.5)]);
      return [call.graph.op('Div', [half, call.outputs[0] ?? ''])];
    },
  },
};

function powGradient(call: BackwardCall): string {
  const { graph } = call;
  const [base = '', exponent = ''] = call.inputs;
  const powers = call.constant(exponent);
  const [power = 1] = powers ?? [];
  if (powers === undefined || powers.some((one) => one !== power)) {
    throw new FleetError('unsupported', 'Pow can be trained only with one constant exponent.');
  }
  const below = power === 2 ? base : graph.op('Pow', [base, graph.scalar(power - 1)]);
  const slope = graph.op('Mul', [below, graph.scalar(power)]);
  const full = call.dims(call.outputs[0] ?? '');
  return sumTo(graph, graph.op('Mul', [call.gradient, slope]), full, call.dims(base));
}

type Side = (inputs: readonly [string, string]) => string;

function both(call: BackwardCall, left: Side, right: Side): readonly (string | undefined)[] {
  const [a = '', b = ''] = call.inputs;
  const full = call.dims(call.outputs[0] ?? '');
  return [
    call.wants(0) ? sumTo(call.graph, left([a, b]), full, call.dims(a)) : undefined,
    call.wants(1) ? sumTo(call.graph, right([a, b]), full, call.dims(b)) : undefined,
  ];
}
