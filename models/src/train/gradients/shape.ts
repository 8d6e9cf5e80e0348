import { FleetError } from '@edgewise/protocol';
import type { GraphBuilder } from '../../onnx/builder.ts';
import { elementCount, tensor } from '../../tensor/tensor.ts';
import type { BackwardCall, GradientRule } from './rule.ts';
import {
  axisOf,
  concat,
  floatType,
  integerOf,
  integersOf,
  pad,
  range,
  reshape,
  slice,
  sumTo,
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
    | 'Split'
    | 'Expand'
    | 'Cast'
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
  Split: { manyOutputs: true, backward: (call) => [splitGradient(call)] },
  Expand: {
    backward: (call) => {
      const [input = ''] = call.inputs;
      const full = call.dims(call.outputs[0] ?? '');
      return [sumTo(call.graph, call.gradient, full, call.dims(input))];
    },
  },
  /** From float32 to float32 nothing happens; other types carry no gradient. */
  Cast: {
    backward: (call) => [
      integerOf(call.attributes, 'to', floatType) === floatType ? call.gradient : undefined,
    ],
  },
  Pad: { backward: (call) => [padGradient(call)] },
};

/** What was cut off or stepped over gets no gradient. */
function sliceGradient(call: BackwardCall): string {
  const { graph } = call;
  const [input = '', start = '', , axes = '', steps = ''] = call.inputs;
  const dims = call.dims(input);
  const starts = call.constant(start);
  if (starts === undefined || (steps !== '' && call.constant(steps) === undefined)) {
    throw new FleetError(
      'unsupported',
      'Slice can be trained only with constant starts and steps.',
    );
  }
  let gradient = call.gradient;
  const sizes = [...call.dims(call.outputs[0] ?? '')];
  const before = dims.map(() => 0);
  for (const [at, from] of starts.entries()) {
    const axis = axisOf(call.constant(axes)?.[at] ?? at, dims.length);
    const step = call.constant(steps)?.[at] ?? 1;
    const size = dims[axis] ?? 0;
    const kept = sizes[axis] ?? 0;
    const first = Math.min(step < 0 ? size - 1 : size, Math.max(0, axisOf(from, size)));
    before[axis] = step < 0 ? first + (kept - 1) * step : first;
    if (step < 0) gradient = reversed(graph, gradient, axis);
    gradient = spreadOut(graph, gradient, { sizes, axis, step: Math.abs(step) });
    sizes[axis] = (kept - 1) * Math.abs(step) + 1;
  }
  const after = dims.map((size, axis) => size - (before[axis] ?? 0) - (sizes[axis] ?? 0));
  return pad(graph, gradient, [...before, ...after]);
}

function reversed(graph: GraphBuilder, value: string, axis: number): string {
  const end = -0x7fff_ffff;
  return slice(graph, value, { start: [-1], end: [end], axes: [axis], steps: [-1] });
}

/** Puts `step - 1` zeros between neighbours along an axis. */
function spreadOut(
  graph: GraphBuilder,
  value: string,
  place: { readonly sizes: readonly number[]; readonly axis: number; readonly step: number },
): string {
  const { sizes, axis, step } = place;
  const count = sizes[axis] ?? 0;
  if (step === 1 || count < 2) return value;
  const [outer, inner] = [sizes.slice(0, axis), sizes.slice(axis + 1)];
  const apart = reshape(graph, value, [...outer, count, 1, ...inner]);
  const ends = Array.from({ length: sizes.length + 1 }, (_, at) =>
    at === axis + 1 ? step - 1 : 0,
  );
  const filled = pad(graph, apart, [...ends.map(() => 0), ...ends]);
  const joined = reshape(graph, filled, [...outer, count * step, ...inner]);
  const end = (count - 1) * step + 1;
  return slice(graph, joined, { start: [0], end: [end], axes: [axis], steps: [1] });
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

/** The parts side by side again; a part that the loss does not depend on is zero. */
function splitGradient(call: BackwardCall): string {
  const { graph } = call;
  const rank = call.dims(call.inputs[0] ?? '').length;
  const axis = axisOf(integerOf(call.attributes, 'axis', 0), rank);
  const parts = call.outputs.map((name, output) => {
    const gradient = call.gradients[output];
    if (gradient !== undefined) return gradient;
    const dims = call.dims(name);
    return graph.constant(tensor('float32', dims, new Float32Array(elementCount(dims))));
  });
  return concat(graph, parts, axis);
}
