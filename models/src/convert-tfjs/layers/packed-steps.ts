import { int } from '../../onnx/builder.ts';
import { tensor } from '../../tensor/tensor.ts';
import type { Site } from '../site.ts';
import type { Value } from '../value.ts';

/**
 * Steps that do not count are passed over in tfjs, wherever they stand; ONNX's recurrent operators
 * can only leave out steps at the end. So the steps that count are moved to the front, and the
 * outputs back to where they belong: a step that does not count has the output of the one before.
 */
export interface Packed {
  /** `[batch, steps, features]` with the steps that count in front, in their order. */
  readonly steps: string;
  /** How many count in each sample, at least 1; int32. */
  readonly lengths: string;
  /** Moves outputs `[batch, steps, units]` back; `start` is the state before the first step. */
  unpack(
    outputs: string,
    call: { readonly start: string | undefined; readonly isBackward: boolean },
  ): string;
  /** A last state `[batch, units]`, or the first state where no step counts. */
  keep(state: string, start: string): string;
}

/** More steps than any sequence has; sums with it are exact in float32. */
const manySteps = 2 ** 20;

/** Packs the steps of `[batch, steps, features]` by a mask `[batch, steps]`. */
export function pack(site: Site, input: Value, mask: string): Packed {
  const { graph } = site;
  const one = tensor('float32', [1], Float32Array.of(1));
  const marks = site.op('Cast', [mask], { to: int(1) });
  const sizes = site.op('Shape', [marks]);
  const ones = site.op('ConstantOfShape', [sizes], { value: { type: 'tensor', value: one } });
  const axis = graph.constant(tensor('int64', [], BigInt64Array.of(1n)));
  const places = site.op('CumSum', [ones, axis]);
  const ranks = site.op('Sub', [site.op('Mul', [marks, graph.scalar(manySteps)]), places]);
  const count = site.op('Gather', [sizes, graph.ints([1])], { axis: int(0) });
  const [, order = ''] = site.ops('TopK', [ranks, count], { outputs: 2 });
  const total = site.op('ReduceSum', [marks, graph.ints([1])], { keepdims: int(1) });
  const some = site.op('Greater', [total, graph.scalar(0)]);
  const atLeastOne = site.op('Max', [total, graph.scalar(1)]);
  const whole = site.op('Cast', [atLeastOne], { to: int(6) });
  const pick = (from: string, places: string): string =>
    site.op('GatherND', [from, site.op('Unsqueeze', [places, graph.ints([2])])], {
      batch_dims: int(1),
    });
  return {
    steps: pick(site.plain(input), order),
    lengths: site.op('Squeeze', [whole, graph.ints([1])]),
    unpack(outputs, { start, isBackward }) {
      const soFar = site.op('CumSum', [marks, axis]);
      const place = site.op('Sub', [soFar, isBackward ? marks : graph.scalar(1)]);
      const began = isBackward
        ? site.op('Less', [place, total])
        : site.op('Greater', [soFar, graph.scalar(0)]);
      const bounded = site.op('Max', [place, graph.scalar(0)]);
      const picked = pick(outputs, site.op('Cast', [bounded], { to: int(7) }));
      const standing = site.op('Unsqueeze', [began, graph.ints([2])]);
      const before =
        start === undefined ? graph.scalar(0) : site.op('Unsqueeze', [start, graph.ints([1])]);
      return site.op('Where', [standing, picked, before]);
    },
    keep: (state, start) => site.op('Where', [some, state, start]),
  };
}
