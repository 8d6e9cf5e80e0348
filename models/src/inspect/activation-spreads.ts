import { FleetError } from '@edgewise/protocol';
import { isFloat32, nameOf, producersOf } from '../onnx/edit.ts';
import type { Graph, Model } from '../onnx/graph.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import { createHistogram, type Histogram } from '../shrink/calibrate/histogram.ts';
import { observeRanges } from '../shrink/calibrate/min-max.ts';
import { observedValues } from '../shrink/calibrate/observed-values.ts';
import type { Range } from '../shrink/calibrate/ranges.ts';
import { readValues } from '../shrink/calibrate/read-values.ts';
import { limits } from '../shrink/quantize/formulas.ts';
import { createGridLoss, type GridLoss, type LossOnGrid } from './grid-loss.ts';

/** What an activation does on data, and the range that its integers reach. */
export interface ActivationSpread extends GridLoss {
  readonly value: string;
  /** Node of the float graph that writes it; the value itself for an input. */
  readonly node: string;
  /** `''` for an input. */
  readonly op: string;
  readonly type: 'int8' | 'uint8';
  /** What the least and the greatest integer stand for. */
  readonly range: Range;
  /** Least and greatest number seen, with equal bins between them; zero lies inside. */
  readonly histogram: Histogram;
}

/**
 * How the values of the float graph spread that the int8 graph lays on a grid, in graph order, with
 * what each grid alone costs: how many numbers it clips, and signal to noise.
 * Throws `FleetError`: `insufficient-data` without a feed, `invalid-argument` for a number that is
 * not finite and for graphs that share no such value.
 */
export async function activationSpreads(
  float: Model,
  int8: Model,
  options: {
    readonly feeds: readonly Feeds[];
    readonly runtime: Runtime;
    readonly signal?: AbortSignal;
  },
): Promise<readonly ActivationSpread[]> {
  const { feeds, runtime, signal } = options;
  const known = observedValues(float);
  const grids = gridsOf(int8.graph, new Set(known));
  if (grids.size === 0) {
    const reason = 'The int8 graph rounds no value of the float graph.';
    throw new FleetError('invalid-argument', `${reason} Give the model that it was made of.`);
  }
  const stop = signal === undefined ? {} : { signal };
  const ranges = await observeRanges(float, feeds, runtime, stop);
  const names = known.filter((name) => grids.has(name));
  const drafts = new Map(names.map((name) => [name, draftOf(grids.get(name), ranges.get(name))]));
  const visit = (name: string, data: Float32Array): void => {
    drafts.get(name)?.histogram.add(data);
    drafts.get(name)?.loss.add(data);
  };
  await readValues(float, names, feeds, { runtime, visit, ...stop });
  const producers = producersOf(float.graph.nodes);
  return [...drafts].map(([value, { grid, histogram, loss }]) => {
    const node = producers.get(value);
    return {
      value,
      node: node === undefined ? value : nameOf(node),
      op: node?.op ?? '',
      type: grid.type,
      range: rangeOf(grid),
      histogram: histogram.result(),
      ...loss.result(),
    };
  });
}

/** Scale, zero point and type of one QuantizeLinear. */
interface TypedGrid extends LossOnGrid {
  readonly type: 'int8' | 'uint8';
}

/** The grids of activations, by the name that the float graph has for the value. */
function gridsOf({ nodes, initializers }: Graph, known: ReadonlySet<string>) {
  const floats = new Map(
    nodes
      .filter(({ op }) => op === 'DequantizeLinear')
      .map(({ inputs, outputs }) => [inputs[0] ?? '', outputs[0] ?? '']),
  );
  const grids = new Map<string, TypedGrid>();
  for (const { op, inputs, outputs } of nodes) {
    if (op !== 'QuantizeLinear') continue;
    const [value = '', scaleName = '', zeroName = ''] = inputs;
    const name = [value, floats.get(outputs[0] ?? '') ?? ''].find((each) => known.has(each));
    const [scale, zero] = [initializers.get(scaleName), initializers.get(zeroName)];
    if (name === undefined || !isFloat32(scale) || scale.data.length !== 1) continue;
    const type = zero?.dtype === 'int8' ? 'int8' : 'uint8';
    const at = Number(zero?.data[0] ?? 0);
    grids.set(name, { scale: scale.data[0] ?? 1, zero: at, type, ...limits[type] });
  }
  return grids;
}

const unknownGrid: TypedGrid = { scale: 1, zero: 0, type: 'uint8', ...limits.uint8 };

function draftOf(grid = unknownGrid, range: Range = { min: 0, max: 0 }) {
  return { grid, histogram: createHistogram(range), loss: createGridLoss(grid) };
}

const rangeOf = ({ scale, zero, least, greatest }: TypedGrid): Range => ({
  min: scale * (least - zero),
  max: scale * (greatest - zero),
});
