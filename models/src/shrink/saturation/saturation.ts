import { FleetError } from '@edgewise/protocol';
import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { integerLayersOf } from './integer-layers.ts';
import type { SaturationTarget } from './pairings.ts';
import { createTally, type LayerSaturation } from './tally.ts';
import { watchLayers } from './watch-layers.ts';

/** What a processor without a dot product would get wrong. */
export interface SaturationReport {
  readonly target: SaturationTarget;
  /** Every layer that computes with integers, in graph order. */
  readonly layers: readonly LayerSaturation[];
}

/** For which processor, and with what the right inputs of each layer are computed. */
export interface SaturationOptions {
  readonly runtime: Runtime;
  readonly target: SaturationTarget;
  readonly signal?: AbortSignal;
  /** Called after each feed, which takes as long as the layers computed in TypeScript. */
  readonly onFeed?: () => void;
}

/**
 * What ONNX Runtime on a processor without a dot product would get wrong in an int8 model (QDQ), on
 * these data: on `x64` without VNNI sums of two products saturate at 16 bits, on `arm64` two products
 * of -128 and -128 wrap. Each layer is looked at with the inputs that the graph as written gives it.
 * Throws `FleetError` `insufficient-data` when there is no feed.
 */
export async function saturationOf(
  model: Model,
  feeds: Iterable<Feeds> | AsyncIterable<Feeds>,
  options: SaturationOptions,
): Promise<SaturationReport> {
  const { runtime, target, signal } = options;
  const stop = signal === undefined ? {} : { signal };
  const layers = integerLayersOf(model.graph);
  const watched = watchLayers(model, layers, target);
  const load = { optimise: 'none', ...stop } as const;
  await using session = await runtime.load(writeModel(watched.model), load);
  const tallies = watched.layers.map(createTally);
  let feed = 0;
  for await (const each of feeds) {
    const values = { ...each, ...(await session.run(each, stop)) };
    for (const tally of tallies) tally.take(values, feed);
    feed++;
    options.onFeed?.();
  }
  if (feed === 0) {
    throw new FleetError('insufficient-data', 'Saturation is looked for in at least one input.');
  }
  return { target, layers: tallies.map((tally) => tally.result()) };
}
