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
  /** A device of this lane says what it misses. */
  need(device: string, missing: readonly number[], nowMs: number): void;
  /** Takes the next block of a round; `undefined` while none is due yet. */
  take(nowMs: number): number | undefined;
  /** Publishes of each block so far. */
  readonly published: readonly number[];
}

/**
 * A block that went out this recently may still be on its way: a device that asks for it has not
 * lost it yet. It asks again every five seconds, so a block that is lost comes then.
 */
const onTheWayMs = 3000;

/** When a round begins. */
export interface Gathering {
  /** Nobody new has asked for this long: whoever comes in the same wave is there. */
  readonly quietMs: number;
  /** The first has waited for this long. */
  readonly mostMs: number;
}

/**
 * An empty lane for a blob of so many blocks. Requests are gathered and answered in rounds: what
 * somebody asks for during a round, and this round will not bring, waits for the next one.
 */
export function createLane(id: string, blocks: number, gathering: Gathering): Lane {
  /** When each device began to listen; absent until its second request. */
  const listening = new Map<string, number>();
  const members = new Set<string>();
  /** Left to publish in this round. */
  const round = new Set<number>();
  /** For the next round. */
  const gathered = new Set<number>();
  const published = new Array<number>(blocks).fill(0);
  const publishedAtMs = new Array<number>(blocks).fill(Number.NEGATIVE_INFINITY);
  let gatheringSinceMs = 0;
  let lastNeedMs = 0;

  function beginRound(nowMs: number): void {
    const isQuiet = nowMs - lastNeedMs >= gathering.quietMs;
    if (!isQuiet && nowMs - gatheringSinceMs < gathering.mostMs) return;
    for (const block of [...gathered].sort((a, b) => a - b)) round.add(block);
    gathered.clear();
  }

  return {
    id,
    published,
    get devices() {
      return members.size;
    },
    get isWaiting() {
      return round.size > 0 || gathered.size > 0;
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
        if (block >= blocks || isComing || round.has(block)) continue;
        if (gathered.size === 0) gatheringSinceMs = nowMs;
        gathered.add(block);
      }
    },
    take(nowMs) {
      if (round.size === 0 && gathered.size > 0) beginRound(nowMs);
      const [block] = round;
      if (block === undefined) return undefined;
      round.delete(block);
      published[block] = (published[block] ?? 0) + 1;
      publishedAtMs[block] = nowMs;
      return block;
    },
  };
}
