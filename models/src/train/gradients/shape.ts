import type { BackwardCall, GradientRule } from './rule.ts';
import { axisOf, integerOf, integersOf, range, reshape, slice, transpose } from './write.ts';

const restoreShape: GradientRule = {
  backward: (call) => [reshape(call.graph, call.gradient, call.dims(call.inputs[0] ?? ''))],
};

/** Operators that only move numbers. */
export const shapeRules: Readonly<
  Record<
    'Flatten' | 'Reshape' | 'Squeeze' | 'Unsqueeze' | 'Identity' | 'Transpose' | 'Concat',
    GradientRule
  >
> = {
  Flatten: restoreShape,
  Reshape: restoreShape,
  Squeeze: restoreShape,
  Unsqueeze: restoreShape,
  Identity: { backward: (call) => [call.gradient] },
  Transpose: {
    backward: (call) => {
      const rank = call.dims(call.inputs[0] ?? '').length;
      const perm = integersOf(call.attributes, 'perm') ?? range(rank).reverse();
      return [
        transpose(
          call.graph,
          call.gradient,
          range(rank).map((axis) => perm.indexOf(axis)),
        ),
      ];
    },
  },
  Concat: { backward: concatGradients },
};

function concatGradients(call: BackwardCall): readonly (string | undefined)[] {
  const rank = call.dims(call.outputs[0] ?? '').length;
  const axis = axisOf(integerOf(call.attributes, 'axis', 0), rank);
  let start = 0;
  return call.inputs.map((name, input) => {
    const end = start + (call.dims(name)[axis] ?? 0);
    const span = { start: [start], end: [end], axes: [axis], steps: [1] };
    start = end;
    return call.wants(input) ? slice(call.graph, call.gradient, span) : undefined;
  });
}
