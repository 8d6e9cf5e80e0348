import type { DType, Tensor } from '@edgewise/models/tensor';
import { FleetError, seconds } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import type { Item } from '../inference/items.ts';
import type { Sink, Source } from './source.ts';

/** What is replayed, and how fast. */
export interface ReplayOptions {
  readonly name: string;
  /** Reads the recorded inputs, the first size counting them; called when the source is run. */
  readonly read: () => Promise<Tensor>;
  /** Items per second; 0 is as fast as the model answers. */
  readonly ratePerSecond: number;
  /** First item; default 0. */
  readonly from?: number;
  /** Items to replay; default all that follow. */
  readonly count?: number;
  /** `again` starts over after the last item. */
  readonly atEnd: 'stop' | 'again';
  readonly clock: Clock;
}

/** Behind by more than this, a replay goes on from now instead of hurrying. */
const mostBehindMs = seconds(1);

/** Gives recorded inputs to the model one after another; waits for a model and drops none. */
export function createReplaySource(options: ReplayOptions): Source {
  return {
    name: options.name,
    async run(sink, signal) {
      const items = itemsOf(await options.read(), options);
      const pace = createPace(options, signal);
      do {
        for (const item of items) {
          await pace();
          await answerOne(sink, item, signal);
        }
      } while (options.atEnd === 'again');
    },
  };
}

/** A model may be taken away between waiting for it and asking it; then the item waits again. */
async function answerOne(
  sink: Sink,
  item: (dtype: DType | undefined) => Item,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await sink.ready(signal);
    try {
      await sink.answer([item(sink.inputs()?.[0]?.dtype)], signal);
      return;
    } catch (thrown) {
      const error = FleetError.from(thrown);
      // A model that fails is the trial's business; the stream goes on.
      if (error.code === 'invalid-argument' || error.code === 'canceled') throw error;
      if (error.code !== 'unavailable') return;
    }
  }
}

function itemsOf(tensor: Tensor, { name, from = 0, count }: ReplayOptions) {
  const total = tensor.dims[0] ?? 0;
  const items = Math.min(count ?? total, total - from);
  if (items <= 0) {
    throw new FleetError('invalid-argument', `${name} has ${total} items, none from ${from} on.`);
  }
  const size = tensor.data.length / total;
  return Array.from({ length: items }, (_, index) => {
    const at = (from + index) * size;
    const values = tensor.data.subarray(at, at + size);
    return (dtype: DType | undefined): Item =>
      dtype === tensor.dtype
        ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
        : { json: Array.from(values, Number) };
  });
}

/** Waits until the next item is due. */
function createPace({ ratePerSecond, clock }: ReplayOptions, signal: AbortSignal) {
  let dueMs = clock.nowMs();
  return async () => {
    if (signal.aborted) throw FleetError.from(signal.reason);
    if (ratePerSecond <= 0) return;
    const waitMs = dueMs - clock.nowMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    if (waitMs < -mostBehindMs) dueMs = clock.nowMs();
    dueMs += seconds(1) / ratePerSecond;
  };
}
