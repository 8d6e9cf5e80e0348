import { FleetError } from '@edgewise/protocol';
import type { BackwardCall, GradientRule } from './rule.ts';
import {
  axisOf,
  integerOf,
  integersOf,
  pad,
  range,
  reshape,
  slice,
  textOf,
  transpose,
} from './write.ts';

const restoreShape: GradientRule = {
  backward: (call) => [reshape(call.graph, call.gradient, call.dims(call.inputs[0] ?? ''))],
};

/** Operators that only move numbers. */
export const shapeRules: Readonly<
  Record<
    | 'Flatten'
    | 'Reshape'
    | 'Squeeze'
    | 'Unsqueeze'
    | 'Identity'
    | 'Transpose'
    | 'Concat'
    | 'Slice'
    | 'Pad',
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
  Slice: { backward: (call) => [sliceGradient(call)] },
  Pad: { backward: (call) => [padGradient(call)] },
};

/** What was cut off gets no gradient. */
function sliceGradient(call: BackwardCall): string {
  const [input = '', start = '', , axes = '', steps = ''] = call.inputs;
  const dims = call.dims(input);
  const kept = call.dims(call.outputs[0] ?? '');
  const starts = call.constant(start);
  if (starts === undefined || call.constant(steps)?.some((step) => step !== 1) === true) {
    throw new FleetError(
      'unsupported',
      'Slice can be trained only from constant starts in steps of 1.',
    );
  }
  const before = dims.map(() => 0);
  for (const [at, from] of starts.entries()) {
    const axis = axisOf(call.constant(axes)?.[at] ?? at, dims.length);
    const size = dims[axis] ?? 0;
    before[axis] = Math.min(size, Math.max(0, axisOf(from, size)));
  }
  const after = dims.map((size, axis) => size - (before[axis] ?? 0) - (kept[axis] ?? 0));
  return pad(call.graph, call.gradient, [...before, ...after]);
}

/** What was added passes no gradient on. */
function padGradient(call: BackwardCall): string {
  const [input = '', amounts = '', , axes = ''] = call.inputs;
  const dims = call.dims(input);
  const pads = call.constant(amounts);
  if (pads === undefined || textOf(call.attributes, 'mode', 'constant') !== 'constant') {
    throw new FleetError(
      'unsupported',
      'Pad can be trained only with constant amounts and values.',
    );
  }
  const padded =
    call.constant(axes)?.map((axis) => axisOf(axis, dims.length)) ?? range(dims.length);
  const start = padded.map((_, at) => pads[at] ?? 0);
  const end = padded.map((axis, at) => (start[at] ?? 0) + (dims[axis] ?? 0));
  const steps = padded.map(() => 1);
  return slice(call.graph, call.gradient, { start, end, axes: padded, steps });
}

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
