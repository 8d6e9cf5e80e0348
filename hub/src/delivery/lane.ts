/**
 * One lane of one blob: up to some fifty devices that hear the same publishes. Pure bookkeeping,
 * so that a block goes out once for all that wait and again only when somebody truly lost it.
 */
export interface Lane {
  readonly id: string;
  /** Devices of the lane, whether or not they still miss something. */
  readonly devices: number;
  /** Whether there is something to publish. */
  readonly isWaiting: boolean;
  /** When anybody last asked, milliseconds. */
  readonly lastNeedMs: number;
  has(device: string): boolean;
  /** Offered: from now on publishes count for it only after it has asked again. */
  join(device: string, nowMs: number): void;
  /** A device of this lane says what it misses. Returns whether anything new waits. */
  need(device: string, missing: readonly number[], nowMs: number): void;
  /** Takes the next block to publish, round and round from where the last round stood. */
  take(nowMs: number): number | undefined;
  /** Publishes of each block so far. */
  readonly published: readonly number[];
}

/**
 * A block that went out this recently may still be on its way: a device that asks for it has not
 * lost it yet. It asks again every five seconds, so a block that is lost comes then.
 */
const onTheWayMs = 3000;

/** An empty lane for a blob of so many blocks. */
export function createLane(id: string, blocks: number): Lane {
  /** When each device began to listen; absent until its second request. */
  const listening = new Map<string, number>();
  const members = new Set<string>();
  const pending = new Set<number>();
  const published = new Array<number>(blocks).fill(0);
  const publishedAtMs = new Array<number>(blocks).fill(Number.NEGATIVE_INFINITY);
  let lastNeedMs = 0;
  let next = 0;

  return {
    id,
    published,
    get devices() {
      return members.size;
    },
    get isWaiting() {
      return pending.size > 0;
    },
    get lastNeedMs() {
      return lastNeedMs;
    },
    has: (device) => members.has(device),
    join(device, nowMs) {
      members.add(device);
      listening.delete(device);
      lastNeedMs = nowMs;
    },
    need(device, missing, nowMs) {
      lastNeedMs = nowMs;
      const sinceMs = listening.get(device) ?? nowMs;
      listening.set(device, sinceMs);
      for (const block of missing) {
        const atMs = publishedAtMs[block] ?? Number.NEGATIVE_INFINITY;
        const isComing = atMs >= sinceMs && nowMs - atMs < onTheWayMs;
        if (block < blocks && !isComing) pending.add(block);
      }
    },
    take(nowMs) {
      for (let step = 0; pending.size > 0 && step < blocks; step++) {
        const block = (next + step) % blocks;
        if (!pending.delete(block)) continue;
        next = (block + 1) % blocks;
        published[block] = (published[block] ?? 0) + 1;
        publishedAtMs[block] = nowMs;
        return block;
      }
      return undefined;
    },
  };
}
