import { type GraphBuilder, int } from '../onnx/builder.ts';
import { type DType, tensor } from '../tensor/tensor.ts';
import { floatType, range, sum } from './gradients/write.ts';

/** What a network is trained to make small. */
export const lossNames = ['softmax-cross-entropy', 'mean-squared-error'] as const;
export type LossName = (typeof lossNames)[number];

/** A loss writes itself and, in closed form, its derivative by the network's output. */
export interface Loss {
  /** Element type and sizes of the targets for outputs of sizes `[batch, classes]`. */
  targets(dims: readonly number[]): { readonly dtype: DType; readonly dims: readonly number[] };
  write(graph: GraphBuilder, call: LossCall): LossValues;
}

interface LossCall {
  readonly output: string;
  /** Sizes of the output, `[batch, classes]`. */
  readonly dims: readonly number[];
  readonly targets: string;
  /** Weight of each class; default: all count alike. */
  readonly classWeights?: readonly number[] | undefined;
}

/** Names of what a loss computed. */
export interface LossValues {
  /** The mean over the batch, a scalar. */
  readonly loss: string;
  /** Its derivative by the output. */
  readonly gradient: string;
  /** How many samples of the batch were classified right, a scalar. */
  readonly correct: string;
}

/** Every loss, by its name in recipes. */
export const losses: Readonly<Record<LossName, Loss>> = {
  /** -mean(w[label] log softmax(x)[label]); the derivative is w[label] (softmax(x) - onehot) / batch. Targets: class numbers. */
  'softmax-cross-entropy': {
    targets: ([batch = 0]) => ({ dtype: 'int32', dims: [batch] }),
    write(graph, { output, dims, targets, classWeights }) {
      const [batch = 0, classes = 0] = dims;
      const numbers = tensor('int32', [1, classes], Int32Array.from(range(classes)));
      const column = graph.op('Reshape', [targets, graph.ints([batch, 1])]);
      const equal = graph.op('Equal', [column, graph.constant(numbers)]);
      const oneHot = graph.op('Cast', [equal], { attributes: { to: int(floatType) } });
      const logs = graph.op('LogSoftmax', [output], { attributes: { axis: int(1) } });
      const weigh = weighing(graph, { oneHot, classWeights });
      const total = sum(graph, graph.op('Mul', [logs, weigh(oneHot)]), [0, 1]);
      const loss = graph.op('Mul', [total, graph.scalar(-1 / batch)]);
      const excess = graph.op('Sub', [graph.op('Exp', [logs]), oneHot]);
      const gradient = weigh(graph.op('Mul', [excess, graph.scalar(1 / batch)]));
      const label = graph.op('Cast', [targets], { attributes: { to: int(int64Type) } });
      return { loss, gradient, correct: countEqual(graph, best(graph, output), label) };
    },
  },
  /** mean(w[label] (x - t)^2) over all elements. Targets: the wanted outputs, for classes 1 at the label and else 0. */
  'mean-squared-error': {
    targets: (dims) => ({ dtype: 'float32', dims }),
    write(graph, { output, dims, targets, classWeights }) {
      const count = dims.reduce((product, size) => product * size, 1);
      const excess = graph.op('Sub', [output, targets]);
      const weighted = weighing(graph, { oneHot: targets, classWeights })(excess);
      const total = sum(graph, graph.op('Mul', [excess, weighted]), range(dims.length));
      const loss = graph.op('Mul', [total, graph.scalar(1 / count)]);
      const gradient = graph.op('Mul', [weighted, graph.scalar(2 / count)]);
      return {
        loss,
        gradient,
        correct: countEqual(graph, best(graph, output), best(graph, targets)),
      };
    },
  },
};

/** Multiplies the rows of a value with the weights of their classes. */
function weighing(
  graph: GraphBuilder,
  rows: { readonly oneHot: string; readonly classWeights?: readonly number[] | undefined },
): (value: string) => string {
  const { oneHot, classWeights } = rows;
  if (classWeights === undefined) return (value) => value;
  const column = tensor('float32', [classWeights.length, 1], Float32Array.from(classWeights));
  const weights = graph.op('MatMul', [oneHot, graph.constant(column)]);
  return (value) => graph.op('Mul', [value, weights]);
}

/** The class with the highest value, per sample. */
function best(graph: GraphBuilder, values: string): string {
  return graph.op('ArgMax', [values], { attributes: { axis: int(1), keepdims: int(0) } });
}

function countEqual(graph: GraphBuilder, left: string, right: string): string {
  const hit = graph.op('Equal', [left, right]);
  return sum(graph, graph.op('Cast', [hit], { attributes: { to: int(floatType) } }), [0]);
}

/** `TensorProto.DataType.INT64`. */
const int64Type = 7;
