import { float, int } from '../../onnx/builder.ts';
import { tensor } from '../../tensor/tensor.ts';
import { isRecord, plainWord } from '../config.ts';
import { each, type Rule, type Site } from '../site.ts';
import type { Value } from '../value.ts';

type Write = (site: Site, input: string) => string;

const direct =
  (op: string): Write =>
  (site, input) =>
    site.op(op, [input]);

const scaled = (site: Site, input: string, factor: number): string =>
  site.op('Mul', [input, site.graph.scalar(factor)]);

/** Functions of each number by itself, by their name in lower case without underscores. */
const pointwise: Readonly<Record<string, Write>> = {
  relu: direct('Relu'),
  relu6: (site, input) => site.op('Clip', [input, site.graph.scalar(0), site.graph.scalar(6)]),
  sigmoid: direct('Sigmoid'),
  tanh: direct('Tanh'),
  elu: direct('Elu'),
  selu: direct('Selu'),
  softplus: direct('Softplus'),
  softsign: direct('Softsign'),
  exponential: direct('Exp'),
  swish: silu,
  silu,
  mish: (site, input) => site.op('Mul', [input, site.op('Tanh', [site.op('Softplus', [input])])]),
  // tfjs and Keras 2: clip(0.2 x + 0.5, 0, 1).
  hardsigmoid: (site, input) =>
    site.op('HardSigmoid', [input], { alpha: float(0.2), beta: float(0.5) }),
  gelu(site, input) {
    const bell = site.op('Erf', [scaled(site, input, Math.SQRT1_2)]);
    return halfOf(site, input, bell);
  },
  gelunew(site, input) {
    const cube = site.op('Mul', [site.op('Mul', [input, input]), input]);
    const bent = site.op('Add', [input, scaled(site, cube, 0.044715)]);
    return halfOf(site, input, site.op('Tanh', [scaled(site, bent, Math.sqrt(2 / Math.PI))]));
  },
};

function silu(site: Site, input: string): string {
  return site.op('Mul', [input, site.op('Sigmoid', [input])]);
}

/** x (1 + s) / 2. */
function halfOf(site: Site, input: string, share: string): string {
  const raised = site.op('Add', [share, site.graph.scalar(1)]);
  return scaled(site, site.op('Mul', [input, raised]), 0.5);
}

const overAxis: Readonly<Record<string, string>> = { softmax: 'Softmax', logsoftmax: 'LogSoftmax' };

/** The name of an activation in lower case without underscores, however the file writes it. */
export function activationName(site: Site, key: string, fallback: string): string {
  const value = site.layer.config.raw(key) ?? fallback;
  if (typeof value === 'string') return plainWord(value);
  const { class_name: className, config } = isRecord(value) ? value : {};
  if (typeof config === 'string') return plainWord(config);
  if (typeof className === 'string') return plainWord(className);
  return site.malformed(`"${key}" names no activation`);
}

/** Applies the activation that a layer ends with; none by default. */
export function activated(site: Site, value: Value, key = 'activation'): Value {
  const name = activationName(site, key, 'linear');
  if (name === 'linear') return value;
  const write = Object.hasOwn(pointwise, name) ? pointwise[name] : undefined;
  if (write !== undefined) return each(site, value, (input) => write(site, input));
  const op = Object.hasOwn(overAxis, name) ? overAxis[name] : undefined;
  if (op !== undefined) return alongAxis(site, value, { op, axis: -1 });
  const known = [...Object.keys(pointwise), ...Object.keys(overAxis), 'linear'].join(', ');
  return site.refuse(`uses the activation ${name}; known are ${known}`);
}

/** A function along one axis of the tfjs model, in the layout that is there. */
function alongAxis(
  site: Site,
  value: Value,
  { op, axis }: { readonly op: string; readonly axis: number },
): Value {
  const rank = value.dims.length;
  const wanted = axis < 0 ? axis + rank : axis;
  if (wanted === rank - 1 && value.layout === 'first' && rank > 2) {
    return each(site, value, (input) => site.op(op, [input], { axis: int(1) }));
  }
  const plain = { ...value, name: site.plain(value), layout: 'plain' } as const;
  return each(site, plain, (input) => site.op(op, [input], { axis: int(wanted) }));
}

const activation: Rule = (site) => activated(site, site.input);

const relu: Rule = (site) => {
  const { config } = site.layer;
  if (config.number('negative_slope', 0) !== 0 || config.number('threshold', 0) !== 0) {
    site.refuse('has a slope or threshold that tfjs itself would ignore; use LeakyReLU instead');
  }
  if (!config.has('max_value')) return each(site, site.input, (input) => site.op('Relu', [input]));
  const bounds = [site.graph.scalar(0), site.graph.scalar(config.number('max_value'))];
  return each(site, site.input, (input) => site.op('Clip', [input, ...bounds]));
};

const leakyRelu: Rule = (site) => {
  const { config } = site.layer;
  const alpha = config.has('negative_slope')
    ? config.number('negative_slope')
    : config.number('alpha', 0.3);
  return each(site, site.input, (input) => site.op('LeakyRelu', [input], { alpha: float(alpha) }));
};

const elu: Rule = (site) => {
  const alpha = float(site.layer.config.number('alpha', 1));
  return each(site, site.input, (input) => site.op('Elu', [input], { alpha }));
};

const thresholdedRelu: Rule = (site) => {
  const alpha = float(site.layer.config.number('theta', 1));
  return each(site, site.input, (input) => site.op('ThresholdedRelu', [input], { alpha }));
};

/** The slope has the sizes of a sample, with 1 where it is shared. */
const prelu: Rule = (site) => {
  const { input, layer } = site;
  const axes = layer.config.raw('shared_axes') ?? [];
  const shared = new Set(Array.isArray(axes) ? axes.map(Number) : [Number(axes)]);
  const dims = input.dims.slice(1).map((size, at) => {
    if (shared.has(at + 1)) return 1;
    return size ?? site.refuse('needs a fixed inputShape or shared axes');
  });
  const alpha = site.weight('alpha', dims);
  const plain = { ...input, name: site.plain(input), layout: 'plain' } as const;
  const slope = site.constant('alpha', tensor('float32', [1, ...dims], alpha.data));
  return each(site, plain, (name) => site.op('PRelu', [name, slope]));
};

const softmax: Rule = (site) => {
  if (site.input.mask !== undefined) {
    site.refuse('gets a mask; take Masking or maskZero out of the layers before it');
  }
  const axis = site.layer.config.raw('axis') ?? 1;
  const [only = 1, ...more] = Array.isArray(axis) ? axis.map(Number) : [Number(axis)];
  if (more.length > 0) site.refuse('goes over several axes; use one axis');
  return alongAxis(site, site.input, { op: 'Softmax', axis: only });
};

/** Layers that are an activation by themselves. */
export const activationRules: Readonly<Record<string, Rule>> = {
  Activation: activation,
  ReLU: relu,
  LeakyReLU: leakyRelu,
  ELU: elu,
  ThresholdedReLU: thresholdedRelu,
  PReLU: prelu,
  Softmax: softmax,
};
