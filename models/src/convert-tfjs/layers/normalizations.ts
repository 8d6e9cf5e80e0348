import { float, int } from '../../onnx/builder.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { asFloat, type Rule, type Site, sizeAt } from '../site.ts';
import type { Value } from '../value.ts';

function axesOf({ input, layer }: Site): readonly number[] {
  const given = layer.config.raw('axis') ?? -1;
  const list = Array.isArray(given) ? given.map(Number) : [Number(given)];
  return list.map((axis) => (axis < 0 ? axis + input.dims.length : axis)).toSorted((a, b) => a - b);
}

const filled = (size: number, value: number): Tensor<'float32'> =>
  tensor('float32', [size], new Float32Array(size).fill(value));

/** (x - mean) / sqrt(variance + epsilon) * gamma + beta along one axis, with the kept statistics. */
const batchNormalization: Rule = (site) => {
  const { config } = site.layer;
  const [axis = 1, ...more] = axesOf(site);
  if (more.length > 0) site.refuse('normalises over several axes; use one axis');
  const input = asFloat(site, site.input);
  const size = sizeAt(site, input, axis);
  const part = (key: string, name: string, fill: number): Tensor<'float32'> =>
    config.flag(key, true) ? site.weight(name, [size]) : filled(size, fill);
  const parts = {
    gamma: part('scale', 'gamma', 1),
    beta: part('center', 'beta', 0),
    moving_mean: site.weight('moving_mean', [size]),
    moving_variance: site.weight('moving_variance', [size]),
  };
  const epsilon = config.number('epsilon', 1e-3);
  const rank = input.dims.length;
  if (axis !== 1 && axis !== rank - 1) return scaleAndShift(site, input, { parts, axis, epsilon });
  const isLast = axis === rank - 1;
  const names = Object.entries(parts).map(([name, value]) => site.constant(name, value));
  const name = site.op(
    'BatchNormalization',
    [isLast ? site.first(input) : site.plain(input), ...names],
    { epsilon: float(epsilon) },
  );
  return { ...input, name, layout: isLast && rank > 2 ? 'first' : 'plain' };
};

/** The same along an axis that ONNX's operator does not know: one factor and one offset. */
function scaleAndShift(
  site: Site,
  input: Value,
  given: {
    readonly parts: Readonly<
      Record<'gamma' | 'beta' | 'moving_mean' | 'moving_variance', Tensor<'float32'>>
    >;
    readonly axis: number;
    readonly epsilon: number;
  },
): Value {
  const { gamma, beta, moving_mean: mean, moving_variance: variance } = given.parts;
  const factor = gamma.data.map(
    (scale, at) => scale / Math.sqrt((variance.data[at] ?? 0) + given.epsilon),
  );
  const offset = beta.data.map((shift, at) => shift - (mean.data[at] ?? 0) * (factor[at] ?? 0));
  const dims = input.dims.map((_, at) => (at === given.axis ? factor.length : 1));
  const scaled = site.op('Mul', [
    site.plain(input),
    site.constant('scale', tensor('float32', dims, factor)),
  ]);
  const name = site.op('Add', [scaled, site.constant('shift', tensor('float32', dims, offset))]);
  return { ...input, name, layout: 'plain' };
}

/** Each sample by its own mean and variance over the last axes. */
const layerNormalization: Rule = (site) => {
  const { config } = site.layer;
  const input = asFloat(site, site.input);
  const axes = axesOf(site);
  const start = input.dims.length - axes.length;
  if (axes.some((axis, at) => axis !== start + at)) {
    site.refuse('normalises over axes that are not the last ones; use axis -1');
  }
  const dims = axes.map((axis) => sizeAt(site, input, axis));
  const size = dims.reduce((product, each) => product * each, 1);
  const gamma = config.flag('scale', true) ? site.weight('gamma', dims) : filled(size, 1);
  const beta = config.flag('center', true) ? site.weight('beta', dims) : filled(size, 0);
  const name = site.op(
    'LayerNormalization',
    [
      site.plain(input),
      site.constant('gamma', tensor('float32', dims, gamma.data)),
      site.constant('beta', tensor('float32', dims, beta.data)),
    ],
    { axis: int(start), epsilon: float(config.number('epsilon', 1e-3)) },
  );
  return { ...input, name, layout: 'plain' };
};

/** x * scale + offset. */
const rescaling: Rule = (site) => {
  const { config } = site.layer;
  const input = asFloat(site, site.input);
  const [scale, offset] = [config.number('scale', 1), config.number('offset', 0)];
  const scaled = site.op('Mul', [input.name, site.graph.scalar(scale)]);
  if (offset === 0) return { ...input, name: scaled };
  return { ...input, name: site.op('Add', [scaled, site.graph.scalar(offset)]) };
};

/** Layers that move and stretch numbers. */
export const normalizationRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  Rescaling: rescaling,
};
