import type { BackwardCall, GradientRule, OperatorCall, SavedValues } from './rule.ts';
import { floatOf, integerOf, range, reshape, sum } from './write.ts';

/**
 * BatchNormalization. With `training_mode` 1 it normalises by the batch's own mean and population
 * variance, and moves the running statistics as the operator's specification says,
 * running = running * momentum + batch * (1 - momentum). Otherwise the statistics are constants.
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
  const { axes, channels } = batchAxes(call);
  const wide = (name: string): string =>
    reshape(graph, name, [channels, ...axes.slice(1).map(() => 1)]);
  const centre = usesBatch(call) ? average(call, input) : wide(mean);
  const centred = graph.op('Sub', [input, centre]);
  const spread = usesBatch(call)
    ? average(call, graph.op('Mul', [centred, centred]))
    : wide(variance);
  const epsilon = graph.scalar(floatOf(attributes, 'epsilon', 1e-5));
  const deviation = graph.op('Sqrt', [graph.op('Add', [spread, epsilon])]);
  const inverse = graph.op('Div', [graph.scalar(1), deviation]);
  const gain = graph.op('Mul', [wide(scale), inverse]);
  graph.op('Add', [graph.op('Mul', [centred, gain]), wide(bias)], { output });
  if (usesBatch(call)) moveStatistics(call, { centre, spread });
  return { centred, inverse, gain };
}

function moveStatistics(
  call: OperatorCall,
  batch: { readonly centre: string; readonly spread: string },
): void {
  const { graph } = call;
  const [, , , mean = '', variance = ''] = call.inputs;
  const [, nextMean = '', nextVariance = ''] = call.outputs;
  const { channels } = batchAxes(call);
  const momentum = floatOf(call.attributes, 'momentum', 0.9);
  const move = (running: string, fresh: string, output: string): void => {
    if (output === '') return;
    const kept = graph.op('Mul', [running, graph.scalar(momentum)]);
    const added = graph.op('Mul', [reshape(graph, fresh, [channels]), graph.scalar(1 - momentum)]);
    graph.op('Add', [kept, added], { output });
  };
  move(mean, batch.centre, nextMean);
  move(variance, batch.spread, nextVariance);
}

/**
 * With c the centred input, i the inverse deviation, g = scale i and M values per channel
 * (Ioffe and Szegedy 2015, section 3): dx = g dy - c (g i^2 sum(dy c) / M) - g sum(dy) / M.
 * Constant statistics leave dx = g dy.
 */
function backward(call: BackwardCall): readonly (string | undefined)[] {
  const { graph, gradient, saved } = call;
  const { centred = '', inverse = '', gain = '' } = saved;
  const { axes, channels, count } = batchAxes(call);
  const total = sum(graph, gradient, axes, 'keep');
  const product = sum(graph, graph.op('Mul', [gradient, centred]), axes, 'keep');
  const slope = graph.op('Mul', [product, inverse]);
  const byInput = (): string => {
    const direct = graph.op('Mul', [gradient, gain]);
    if (!usesBatch(call)) return direct;
    const share = graph.op('Mul', [gain, graph.scalar(1 / count)]);
    const pull = graph.op('Mul', [graph.op('Mul', [slope, inverse]), share]);
    const shifted = graph.op('Sub', [direct, graph.op('Mul', [total, share])]);
    return graph.op('Sub', [shifted, graph.op('Mul', [centred, pull])]);
  };
  return [
    call.wants(0) ? byInput() : undefined,
    call.wants(1) ? reshape(graph, slope, [channels]) : undefined,
    call.wants(2) ? reshape(graph, total, [channels]) : undefined,
  ];
}

/** The mean in a form that all opsets share; ReduceMean takes its axes differently from 18 on. */
function average(call: OperatorCall, value: string): string {
  const { axes, count } = batchAxes(call);
  const total = sum(call.graph, value, axes, 'keep');
  return call.graph.op('Mul', [total, call.graph.scalar(1 / count)]);
}

/** Axes over which statistics are taken (all but the channels), and how many values they span. */
function batchAxes(call: OperatorCall) {
  const dims = call.dims(call.inputs[0] ?? '');
  const axes = range(dims.length).filter((axis) => axis !== 1);
  const count = axes.reduce((product, axis) => product * (dims[axis] ?? 1), 1);
  return { axes, count, channels: dims[1] ?? 1 };
}
