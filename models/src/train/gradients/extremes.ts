import { type GraphBuilder, int } from '../../onnx/builder.ts';
import { reducedAxes } from './reduce.ts';
import type { BackwardCall, GradientRule } from './rule.ts';
import { floatType, range, reshape, sum, sumTo } from './write.ts';

const ofInputs: GradientRule = { backward: sideGradients };
const ofAxes: GradientRule = { backward: (call) => [shared(call, reducedAxes(call))] };

/** Operators that let the greatest or least number through. */
export const extremeRules: Readonly<
  Record<'Max' | 'Min' | 'ReduceMax' | 'ReduceMin' | 'GlobalMaxPool', GradientRule>
> = {
  ...{ Max: ofInputs, Min: ofInputs, ReduceMax: ofAxes, ReduceMin: ofAxes },
  GlobalMaxPool: {
    backward: (call) => [shared(call, range(call.dims(call.inputs[0] ?? '').length).slice(2))],
  },
};

/**
 * The gradient goes to the input that was let through; of equal ones to the last, which is the bound
 * where an exporter writes Relu as `Max(x, 0)`.
 */
function sideGradients(call: BackwardCall): readonly (string | undefined)[] {
  const { graph, inputs } = call;
  const [output = ''] = call.outputs;
  const full = call.dims(output);
  const shares: string[] = [];
  let rest = call.gradient;
  for (const input of inputs.slice(1).toReversed()) {
    const share = graph.op('Mul', [same(graph, input, output), rest]);
    rest = graph.op('Sub', [rest, share]);
    shares.unshift(share);
  }
  return [rest, ...shares].map((share, at) =>
    call.wants(at) ? sumTo(graph, share, full, call.dims(inputs[at] ?? '')) : undefined,
  );
}

/** The gradient of the extreme over some axes, in equal parts for all that equal it. */
function shared(call: BackwardCall, axes: readonly number[]): string {
  const { graph } = call;
  const [input = ''] = call.inputs;
  const dims = call.dims(input);
  const gone = new Set(axes.map((axis) => (axis < 0 ? axis + dims.length : axis)));
  const kept = dims.map((size, axis) => (gone.has(axis) ? 1 : size));
  const hits = same(graph, input, reshape(graph, call.outputs[0] ?? '', kept));
  const part = graph.op('Div', [
    reshape(graph, call.gradient, kept),
    sum(graph, hits, [...gone], 'keep'),
  ]);
  return graph.op('Mul', [hits, part]);
}

/** 1 where two values are equal, else 0. */
function same(graph: GraphBuilder, one: string, other: string): string {
  return graph.op('Cast', [graph.op('Equal', [one, other])], {
    attributes: { to: int(floatType) },
  });
}
