import { float, int } from '../../onnx/builder.ts';
import { tensor } from '../../tensor/tensor.ts';
import type { BackwardCall, GradientRule, OperatorCall, SavedValues } from './rule.ts';
import { floatOf, integerOf, range, reshape, sum } from './write.ts';

/**
 * BatchNormalization. With `training_mode` 1 it normalises by the batch's own mean and population
 * variance, and moves the running statistics as the operator's specification says,
 * running = running * momentum + batch * (1 - momentum). Otherwise the statistics are constants.
 *
 * These layers take as long as they take to read and write memory, so the operator itself does what it
 * can in one pass: with momentum 0 its statistics are the batch's, and with variance 1 it is any factor
 * and offset per channel.
 */
export const normalizeRules: Readonly<Record<'BatchNormalization', GradientRule>> = {
  BatchNormalization: { forward, backward },
};

const usesBatch = ({ attributes }: OperatorCall): boolean =>
  integerOf(attributes, 'training_mode', 0) === 1;

function forward(call: OperatorCall): SavedValues {
  const { graph, attributes } = call;
  const [input = '', scale = '', bias = '', mean = '', variance = ''] = call.inputs;
  const [output = ''] = call.outputs;
  const epsilon = floatOf(attributes, 'epsilon', 1e-5);
  const inputs = [input, scale, bias];
  const own = { epsilon: float(epsilon) };
  let by = { centre: mean, spread: variance };
  if (usesBatch(call)) {
    by = { centre: `${output}_centre`, spread: `${output}_spread` };
    // The engine writes the batch's statistics over those it is given. It is given two that nobody else
    // reads, and that do not become one where mean and variance are the same constant.
    const unread = [
      graph.op('Mul', [mean, graph.scalar(0)]),
      graph.op('Mul', [variance, graph.scalar(0.5)]),
    ];
    graph.ops('BatchNormalization', [...inputs, ...unread], [output, by.centre, by.spread], {
      attributes: { ...own, training_mode: int(1), momentum: float(0) },
    });
    moveStatistics(call, by);
  } else {
    const statistics = [mean, variance];
    graph.op('BatchNormalization', [...inputs, ...statistics], { output, attributes: own });
  }
  const deviation = graph.op('Sqrt', [graph.op('Add', [by.spread, graph.scalar(epsilon)])]);
  const inverse = graph.op('Div', [graph.scalar(1), deviation]);
  return { centre: by.centre, inverse, gain: graph.op('Mul', [scale, inverse]) };
}

function moveStatistics(
  call: OperatorCall,
  batch: { readonly centre: string; readonly spread: string },
): void {
  const { graph } = call;
  const [, , , mean = '', variance = ''] = call.inputs;
  const [, nextMean = '', nextVariance = ''] = call.outputs;
  const momentum = floatOf(call.attributes, 'momentum', 0.9);
  const move = (running: string, fresh: string, output: string): void => {
    if (output === '') return;
    const kept = graph.op('Mul', [running, graph.scalar(momentum)]);
    const added = graph.op('Mul', [fresh, graph.scalar(1 - momentum)]);
    graph.op('Add', [kept, added], { output });
  };
  move(mean, batch.centre, nextMean);
  move(variance, batch.spread, nextVariance);
}

/**
 * With c = x - mean, i the inverse deviation, g = scale i and M values per channel (Ioffe and Szegedy
 * 2015, section 3): dx = g dy - c (g i^2 sum(dy c) / M) - g sum(dy) / M. Constant statistics leave
 * dx = g dy. The centred input is never written down: sum(dy c) = sum(dy x) - mean sum(dy), which loses
 * digits only where the mean dwarfs the deviation, and there the input itself has lost them.
 */
function backward(call: BackwardCall): readonly (string | undefined)[] {
  const { graph, gradient, saved } = call;
  const { centre = '', inverse = '', gain = '' } = saved;
  const [input = ''] = call.inputs;
  const { axes, channels, count } = batchAxes(call);
  const total = sum(graph, gradient, axes);
  const product = sum(graph, graph.op('Mul', [gradient, input]), axes);
  const centred = graph.op('Sub', [product, graph.op('Mul', [centre, total])]);
  const slope = graph.op('Mul', [centred, inverse]);
  const byInput = (): string => {
    const wide = reshape(graph, gain, [channels, ...axes.slice(1).map(() => 1)]);
    const direct = graph.op('Mul', [gradient, wide]);
    if (!usesBatch(call)) return direct;
    const share = graph.op('Mul', [gain, graph.scalar(-1 / count)]);
    const pull = graph.op('Mul', [graph.op('Mul', [slope, inverse]), share]);
    const level = graph.op('Mul', [total, share]);
    return graph.op('Add', [direct, shifted(call, { centre, factor: pull, offset: level })]);
  };
  return [
    call.wants(0) ? byInput() : undefined,
    call.wants(1) ? slope : undefined,
    call.wants(2) ? total : undefined,
  ];
}

/** (x - centre) factor + offset, per channel. */
function shifted(
  call: BackwardCall,
  change: { readonly centre: string; readonly factor: string; readonly offset: string },
): string {
  const { graph } = call;
  const [input = ''] = call.inputs;
  const { channels } = batchAxes(call);
  const ones = graph.constant(tensor('float32', [channels], new Float32Array(channels).fill(1)));
  const inputs = [input, change.factor, change.offset, change.centre, ones];
  return graph.op('BatchNormalization', inputs, { attributes: { epsilon: float(0) } });
}

/** Axes over which statistics are taken (all but the channels), and how many values they span. */
function batchAxes(call: OperatorCall) {
  const dims = call.dims(call.inputs[0] ?? '');
  const axes = range(dims.length).filter((axis) => axis !== 1);
  const count = axes.reduce((product, axis) => product * (dims[axis] ?? 1), 1);
  return { axes, count, channels: dims[1] ?? 1 };
}
