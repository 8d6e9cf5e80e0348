import type { DType } from '@edgewise/models/tensor';
import type { BlobStore } from '../store/blobs.ts';
import { decodeSamples, joinSamples, type Samples, selectSamples } from './samples.ts';

/** At most `limit` samples of some shards, evenly spread over all; one shard is in memory at a time. */
export async function spreadSamples(
  blobs: BlobStore,
  shards: readonly { readonly digest: string; readonly samples: number }[],
  options: { readonly limit: number; readonly dims: readonly number[]; readonly dtype: DType },
): Promise<Samples> {
  const total = shards.reduce((sum, { samples }) => sum + samples, 0);
  const wanted = Math.min(total, options.limit);
  const places = Array.from({ length: wanted }, (_, at) => Math.floor((at * total) / wanted));
  const parts: Samples[] = [];
  let start = 0;
  for (const { digest, samples } of shards) {
    const first = start;
    start += samples;
    const own = places.filter((place) => place >= first && place < start);
    if (own.length === 0) continue;
    const shard = decodeSamples(await blobs.get(digest));
    parts.push(
      selectSamples(
        shard,
        own.map((place) => place - first),
      ),
    );
  }
  return joinSamples(parts, options);
}
