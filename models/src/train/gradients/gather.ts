import { int } from '../../onnx/builder.ts';
import { elementCount, tensor } from '../../tensor/tensor.ts';
import type { BackwardCall, GradientRule } from './rule.ts';
import { axisOf, floatType, integerOf, range, reshape } from './write.ts';

/**
 * Gather picks slices along an axis, so its gradient adds each slice to where it came from: a product
 * with the matrix that has 1 where an index names a place.
 */
export const gatherRules: Readonly<Record<'Gather', GradientRule>> = {
  Gather: { backward: (call) => [gatherGradient(call)] },
};

function gatherGradient(call: BackwardCall): string {
  const { graph } = call;
  const [input = '', indices = ''] = call.inputs;
  const dims = call.dims(input);
  const axis = axisOf(integerOf(call.attributes, 'axis', 0), dims.length);
  const before = elementCount(dims.slice(0, axis));
  const after = elementCount(dims.slice(axis + 1));
  const picked = elementCount(call.dims(indices));
  const gradient = reshape(graph, call.gradient, [before, picked, after]);
  const places = placeMatrix(call, { size: dims[axis] ?? 0, picked });
  return reshape(graph, graph.op('MatMul', [places, gradient]), dims);
}

/** `[size, picked]`, 1 where the picked index is the row. */
function placeMatrix(
  call: BackwardCall,
  { size, picked }: { readonly size: number; readonly picked: number },
): string {
  const { graph } = call;
  const [, indices = ''] = call.inputs;
  const known = call.constant(indices);
  if (known !== undefined) {
    const data = new Float32Array(size * picked);
    for (const [column, index] of known.entries()) {
      data[axisOf(index, size) * picked + column] = 1;
    }
    return graph.constant(tensor('float32', [size, picked], data));
  }
  const row = graph.op('Cast', [reshape(graph, indices, [1, picked])], {
    attributes: { to: int(int64Type) },
  });
  // A negative index counts from the end.
  const period = graph.ints([size]);
  const column = reshape(graph, graph.ints(range(size)), [size, 1]);
  const equal = graph.op('Equal', [column, graph.op('Mod', [row, period])]);
  return graph.op('Cast', [equal], { attributes: { to: int(floatType) } });
}

/** `TensorProto.DataType.INT64`. */
const int64Type = 7;
