import { FleetError } from '@edgewise/protocol';
import { float, int } from '../../onnx/builder.ts';
import type { BackwardCall, GradientRule } from './rule.ts';
import { floatOf, integerOf, range, sumTo, transpose } from './write.ts';

/** Gemm and MatMul. */
export const linearRules: Readonly<Record<'Gemm' | 'MatMul', GradientRule>> = {
  Gemm: { backward: gemmGradients },
  MatMul: { backward: matMulGradients },
};

/** Y = alpha A' B' + beta C, where ' is an optional transposition. */
function gemmGradients(call: BackwardCall): readonly (string | undefined)[] {
  const { graph, gradient, attributes } = call;
  const [a = '', b = '', c = ''] = call.inputs;
  const transA = integerOf(attributes, 'transA', 0);
  const transB = integerOf(attributes, 'transB', 0);
  const alpha = floatOf(attributes, 'alpha', 1);
  const product = (left: readonly [string, number], right: readonly [string, number]): string =>
    graph.op('Gemm', [left[0], right[0]], {
      attributes: { transA: int(left[1]), transB: int(right[1]), alpha: float(alpha) },
    });
  const byA = () =>
    transA === 0 ? product([gradient, 0], [b, 1 - transB]) : product([b, transB], [gradient, 1]);
  const byB = () =>
    transB === 0 ? product([a, 1 - transA], [gradient, 0]) : product([gradient, 1], [a, transA]);
  const byC = () => {
    const beta = floatOf(attributes, 'beta', 1);
    const summed = sumTo(graph, gradient, call.dims(call.outputs[0] ?? ''), call.dims(c));
    return beta === 1 ? summed : graph.op('Mul', [summed, graph.scalar(beta)]);
  };
  return [
    call.wants(0) ? byA() : undefined,
    call.wants(1) ? byB() : undefined,
    call.wants(2) ? byC() : undefined,
  ];
}

/** Y = A B over the last two axes; leading axes broadcast. */
function matMulGradients(call: BackwardCall): readonly (string | undefined)[] {
  const { graph, gradient } = call;
  const [a = '', b = ''] = call.inputs;
  const [dimsA, dimsB] = [call.dims(a), call.dims(b)];
  if (dimsA.length < 2 || dimsB.length < 2) {
    throw new FleetError('unsupported', 'MatMul can be trained only with matrices, not vectors.');
  }
  const batch = call.dims(call.outputs[0] ?? '').slice(0, -2);
  const turned = (name: string, rank: number): string =>
    transpose(graph, name, [...range(rank - 2), rank - 1, rank - 2]);
  const byA = () => {
    const full = graph.op('MatMul', [gradient, turned(b, dimsB.length)]);
    return sumTo(graph, full, [...batch, ...dimsA.slice(-2)], dimsA);
  };
  const byB = () => {
    const full = graph.op('MatMul', [turned(a, dimsA.length), gradient]);
    return sumTo(graph, full, [...batch, ...dimsB.slice(-2)], dimsB);
  };
  return [call.wants(0) ? byA() : undefined, call.wants(1) ? byB() : undefined];
}
