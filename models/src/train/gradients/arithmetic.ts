import type { BackwardCall, GradientRule } from './rule.ts';
import { sumTo } from './write.ts';

/** Element-wise operators of two inputs that broadcast, and of one input. */
export const arithmeticRules: Readonly<
  Record<'Add' | 'Sub' | 'Mul' | 'Div' | 'Neg' | 'Exp' | 'Log' | 'Sqrt', GradientRule>
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

type Side = (inputs: readonly [string, string]) => string;

function both(call: BackwardCall, left: Side, right: Side): readonly (string | undefined)[] {
  const [a = '', b = ''] = call.inputs;
  const full = call.dims(call.outputs[0] ?? '');
  return [
    call.wants(0) ? sumTo(call.graph, left([a, b]), full, call.dims(a)) : undefined,
    call.wants(1) ? sumTo(call.graph, right([a, b]), full, call.dims(b)) : undefined,
  ];
}
