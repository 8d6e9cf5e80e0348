import { blockCount, type Sha256 } from '@edgewise/models/bundle';
import { FleetError, limits, type Message } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import type { AgentLink } from '../link/agent-link.ts';
import type { Disk } from '../slots/disk.ts';
import type { WantedFile } from './blocks.ts';
import { openPartialFile, type PartialFile } from './partial-file.ts';

/** What a download goes through. */
export interface DownloadParts {
  readonly link: AgentLink;
  readonly disk: Disk;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly fleet: string;
  readonly device: string;
}

/** How one download is stopped and followed. */
export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Told after each block: how many of how many are there. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Stands for every lane, until a block shows which one is ours. */
const anyLane = '+';

/** Times the blocks of a file that may arrive with wrong bytes before the attempt fails. */
const mostBadShare = 2;

/**
 * Fetches one file over the link into `path`, from wherever an earlier attempt ended: asks with
 * `need`, is told a lane, subscribes to it and asks again after each silence of five seconds.
 * Rejects with `digest-mismatch` when wrong bytes keep coming, and with `disk-full`.
 */
export async function download(
  parts: DownloadParts,
  file: { readonly path: string; readonly wanted: WantedFile },
  options: DownloadOptions,
): Promise<void> {
  const { path, wanted } = file;
  const partial = await openPartialFile(parts, path, wanted);
  if (partial.bitmap.missing.length > 0) await receive(parts, wanted, { ...options, partial });
  await partial.complete();
}

interface ReceiveOptions extends DownloadOptions {
  readonly partial: PartialFile;
}

async function receive(
  parts: DownloadParts,
  wanted: WantedFile,
  { partial, signal, onProgress }: ReceiveOptions,
): Promise<void> {
  const { link, clock, fleet, device } = parts;
  const total = blockCount(wanted.sizeBytes);
  const ended = Promise.withResolvers<void>();
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const lanes = new Map<string, Promise<() => Promise<void>>>();
  let heardMs = clock.nowMs();
  let bad = 0;
  let writing: Promise<void> = Promise.resolve();

  async function write(block: number, bytes: Uint8Array): Promise<void> {
    if (await partial.accept(block, bytes)) {
      onProgress?.(partial.bitmap.done, total);
      if (partial.bitmap.done === total) ended.resolve();
    } else if (++bad > mostBadShare * total + 2) {
      const reason = `${bad} blocks of ${wanted.digest} arrived with wrong bytes.`;
      throw new FleetError('digest-mismatch', reason);
    }
  }

  function onBlock(bytes: Uint8Array, params: { readonly block: string; readonly lane: string }) {
    heardMs = clock.nowMs();
    listen(params.lane).catch(ended.reject);
    writing = writing.then(() => write(Number(params.block), bytes)).catch(ended.reject);
  }

  async function ask(): Promise<void> {
    const { missing } = partial.bitmap;
    if (missing.length === 0 || !link.isConnected) return;
    try {
      const request = { digest: wanted.digest, parts: total, missing };
      await link.publish('need', { fleet, device }, request, either);
    } catch {
      // The connection went away; the next one, or the next silence, asks again.
    }
  }

  async function listen(lane: string): Promise<void> {
    if (lanes.has(lane)) return;
    const where = { fleet, digest: wanted.digest, ...(lane === anyLane ? {} : { lane }) };
    const subscribed = link.subscribe('blob', where, onBlock);
    lanes.set(lane, subscribed);
    await subscribed;
    const wide = lanes.get(anyLane);
    if (lane !== anyLane && wide !== undefined) {
      lanes.delete(anyLane);
      await (await wide)();
      return;
    }
    await ask();
  }

  function onOffer(offer: Message<'offer'>): void {
    if (offer.blob !== wanted.digest) return;
    heardMs = clock.nowMs();
    listen(offer.lane).catch(ended.reject);
  }

  async function askAfterSilence(): Promise<void> {
    while (!either.aborted) {
      await clock.sleep(limits.needMs, either);
      if (clock.nowMs() - heardMs < limits.needMs) continue;
      // A hub that offered the lane to an earlier process of this device only sends blocks.
      if (lanes.size === 0 && link.isConnected) await listen(anyLane).catch(() => undefined);
      else await ask();
    }
  }

  const unsubscribe = await link.subscribe('offer', { fleet, device }, onOffer);
  const ungreet = link.onConnect(() => void ask());
  const asking = askAfterSilence().catch(() => undefined);
  const onAbort = () => ended.reject(FleetError.from(signal.reason));
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    await ended.promise;
  } finally {
    over.abort();
    ungreet();
    signal.removeEventListener('abort', onAbort);
    const closers = [unsubscribe, ...(await Promise.allSettled(lanes.values())).flatMap(fulfilled)];
    await Promise.all(closers.map((close) => close().catch(() => undefined)));
    await asking;
    await writing;
  }
}

function fulfilled<T>(result: PromiseSettledResult<T>): readonly T[] {
  return result.status === 'fulfilled' ? [result.value] : [];
}
