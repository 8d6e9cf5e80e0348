import { FleetError } from '@edgewise/protocol';
import { peakActivationMemory } from '../../inspect/memory.ts';
import type { Model } from '../../onnx/graph.ts';
import { inferShapes } from '../../onnx/shapes/infer.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { weightsAtOnce } from './channel-blocks.ts';

/** What both networks may keep of all feeds at once, in bytes. */
const keptBytes = 512 * 2 ** 20;

/** What a weight takes while its rounding is learned, in bytes. */
const bytesPerWeight = 128;

/** What is there for feeds, and what else takes memory. */
export interface FeedLimits {
  /** Bytes that feeds may take beside `weightsAtOnce` weights that are learned; default 512 MiB. */
  readonly most?: number;
  /**
   * Weights of the largest output channel, which are always learned at once: those beyond
   * `weightsAtOnce` take from the feeds. Default 0.
   */
  readonly channelWeights?: number;
}

/**
 * The first feeds, as many as a float network and its quantized form can carry through their layers
 * side by side within the limits; at least one. Throws `FleetError` `insufficient-data` for none.
 */
export async function feedsThatFit(
  model: Model,
  feeds: Iterable<Feeds> | AsyncIterable<Feeds>,
  { most = keptBytes, channelWeights = 0 }: FeedLimits = {},
): Promise<readonly Feeds[]> {
  const left = most - bytesPerWeight * Math.max(0, channelWeights - weightsAtOnce);
  const taken: Feeds[] = [];
  let count = 1;
  for await (const feed of feeds) {
    if (taken.length === 0) count = Math.floor(left / (2 * bytesFor(model, feed)));
    if (taken.push(feed) >= count) break;
  }
  if (taken.length > 0) return taken;
  throw new FleetError('insufficient-data', 'AdaRound needs at least one input to run.');
}

function bytesFor(model: Model, feed: Feeds): number {
  const sizes = Object.entries(feed).map(([name, { dims }]) => [name, dims] as const);
  const { graph } = inferShapes(model, Object.fromEntries(sizes));
  const { bytes, unknown } = peakActivationMemory(graph);
  // Each value whose size cannot be told may be as large as all others together.
  return Math.max(1, bytes) * (1 + unknown);
}
