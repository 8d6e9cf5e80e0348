import { FleetError } from '@edgewise/protocol';
import { isFloat32, nameOf } from '../../onnx/edit.ts';
import type { Model, Node } from '../../onnx/graph.ts';
import type { Range } from '../calibrate/ranges.ts';
import type { Marks } from './marks.ts';

/** The operator set that brought QuantizeLinear, and the one that brought its axis. */
const leastOpset = { perTensor: 10, perChannel: 13 } as const;

/** Operators of graphs that compute with integers already, in QDQ form or with operators of their own. */
const quantizedOp = /^(De|Dynamic)?[Qq]uantizeLinear$|^QLinear|^QGemm$|Integer$|^MatMulNBits$/;

/**
 * Throws `FleetError`: `unsupported` for an operator set in which the int8 graph cannot be written,
 * `invalid-argument` for a model that is quantized already; both say what to do.
 */
export function checkModel({ graph, opsets }: Model, how: { readonly perChannel: boolean }): void {
  const least = how.perChannel ? leastOpset.perChannel : leastOpset.perTensor;
  const opset = opsets.get('') ?? 0;
  if (opset < least) {
    const wanted = `Quantization needs operator set ${least}; the model has ${opset}.`;
    throw new FleetError('unsupported', `${wanted} Upgrade it first.`);
  }
  const integer = graph.nodes.find((node) => quantizedOp.test(node.op));
  if (integer !== undefined) {
    const what = `The model is quantized already, at node ${nameOf(integer)} (${integer.op}).`;
    throw new FleetError('invalid-argument', `${what} Start from the float model.`);
  }
}

/**
 * Throws `FleetError` `invalid-argument` for a marked constant, bias or range with a number that is
 * not finite, by name.
 */
export function checkNumbers(marks: Marks, ranges: ReadonlyMap<string, Range>): void {
  for (const name of [...marks.tensors.keys(), ...marks.biases.keys()]) {
    const constant = marks.constants.get(name);
    const range = ranges.get(name);
    if (isFloat32(constant)) checkConstant(name, constant.data);
    else if (range !== undefined) checkRange(name, range, marks.nodes());
  }
}

function checkConstant(name: string, data: Float32Array): void {
  // Zero for every finite number; one look per number instead of a call.
  let odd = 0;
  for (let at = 0; at < data.length; at++) odd += (data[at] ?? 0) - (data[at] ?? 0);
  if (odd === 0) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  const what = `Constant ${name} holds ${data[at]} at position ${at}.`;
  throw new FleetError('invalid-argument', `${what} Export the model again from sound weights.`);
}

function checkRange(name: string, { min, max }: Range, nodes: readonly Node[]): void {
  if (Number.isFinite(min) && Number.isFinite(max) && min <= max) return;
  const source = nodes.find((node) => node.outputs.includes(name));
  const from = source === undefined ? 'an input' : `node ${nameOf(source)} (${source.op})`;
  const what = `The range of ${name}, given by ${from}, is ${min} to ${max}.`;
  const advice = 'Check the calibration inputs, or exclude the nodes that read and give it.';
  throw new FleetError('invalid-argument', `${what} ${advice}`);
}
