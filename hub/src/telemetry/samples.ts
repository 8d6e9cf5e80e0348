import { createHash } from 'node:crypto';
import { FleetError, limits, type MissingParts } from '@edgewise/protocol';
import type { Clock } from '../clock.ts';

/** Fetches captured inputs part by part. */
export interface SampleFetcher {
  fetch(device: string, sample: string, parts: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** A part came; one that nobody waits for is ignored. */
  receive(device: string, sample: string, part: number, bytes: Uint8Array): void;
}

interface SampleOptions {
  readonly want: (device: string, missing: MissingParts) => Promise<void>;
  readonly clock: Clock;
  /** Rounds without a new part before a sample is given up. */
  readonly patience?: number;
}

interface Collection {
  readonly parts: (Uint8Array | undefined)[];
  left: number;
  /** Counts arrivals, so that a round sees whether anything came. */
  arrivals: number;
  readonly complete: PromiseWithResolvers<void>;
}

/** Asks for all missing parts, and again every five seconds for those that did not come. */
export function createSampleFetcher({ want, clock, patience = 4 }: SampleOptions): SampleFetcher {
  const collections = new Map<string, Collection>();
  const underWay = new Map<string, Promise<Uint8Array>>();

  async function ask(device: string, sample: string, collection: Collection): Promise<void> {
    const missing = [...collection.parts.keys()].filter((part) => !collection.parts[part]);
    await want(device, { digest: sample, parts: collection.parts.length, missing });
  }

  async function rounds(
    device: string,
    sample: string,
    collection: Collection,
    signal: AbortSignal,
  ): Promise<never> {
    for (let silent = 0; silent < patience; ) {
      const before = collection.arrivals;
      await ask(device, sample, collection);
      await clock.sleep(limits.needMs, signal);
      silent = collection.arrivals === before ? silent + 1 : 0;
    }
    throw new FleetError('timeout', `${device} did not send the sample ${sample}.`);
  }

  async function collect(
    device: string,
    sample: string,
    parts: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    const key = `${device} ${sample}`;
    const complete = Promise.withResolvers<void>();
    const collection: Collection = {
      parts: new Array(parts).fill(undefined),
      left: parts,
      arrivals: 0,
      complete,
    };
    const stop = new AbortController();
    const stopped = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
    collections.set(key, collection);
    try {
      const asking = rounds(device, sample, collection, stopped);
      asking.catch(() => undefined);
      await Promise.race([complete.promise, asking]);
    } catch (thrown) {
      throw FleetError.from(thrown);
    } finally {
      stop.abort();
      collections.delete(key);
    }
    return checked(sample, collection.parts);
  }

  return {
    fetch(device, sample, parts, signal) {
      if (parts * limits.blockSizeBytes > limits.blobBytes) {
        return Promise.reject(new FleetError('too-large', `A sample of ${parts} parts.`));
      }
      const key = `${device} ${sample}`;
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const fetching = collect(device, sample, parts, signal).finally(() => underWay.delete(key));
      underWay.set(key, fetching);
      return fetching;
    },
    receive(device, sample, part, bytes) {
      const collection = collections.get(`${device} ${sample}`);
      if (!collection || part >= collection.parts.length || collection.parts[part]) return;
      collection.parts[part] = bytes.slice();
      collection.arrivals++;
      collection.left--;
      if (collection.left === 0) collection.complete.resolve();
    },
  };
}

function checked(sample: string, parts: readonly (Uint8Array | undefined)[]): Uint8Array {
  const bytes = Buffer.concat(parts.filter((part) => part !== undefined));
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest === sample) return bytes;
  throw new FleetError('digest-mismatch', `The sample ${sample} came as ${digest}.`);
}
