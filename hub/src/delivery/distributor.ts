import { FleetError, limits, minutes } from '@edgewise/protocol';
import type { Logger } from 'pino';
import type { BlobAccess } from '../broker/ports.ts';
import type { Clock } from '../clock.ts';
import type { HubLink } from '../link/hub-link.ts';
import type { BlobStore } from '../store/blobs.ts';
import { createLane, type Lane } from './lane.ts';

/** How often each block of a blob went out in one lane. */
export interface LaneFigures {
  readonly blob: string;
  readonly lane: string;
  readonly devices: number;
  readonly published: readonly number[];
}

/** Brings blobs to devices that ask for them. */
export interface Distributor extends AsyncDisposable {
  /** Lanes in use and those that ended within the last minutes. */
  readonly figures: readonly LaneFigures[];
}

interface DistributorOptions {
  readonly fleet: string;
  readonly link: HubLink;
  readonly blobs: BlobStore;
  readonly access: BlobAccess;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Devices of one lane; `limits.laneDevices` on the embedded broker, no bound on an external one. */
  readonly laneDevices?: number;
  /** Bytes per second over all lanes, counted once for each device that hears them. */
  readonly paceBytesPerSecond?: number;
  /** Silence in a lane before its blocks go out, so that devices of one wave share a round. */
  readonly gatherMs?: number;
}

interface Delivery {
  readonly blob: string;
  readonly bytes: Uint8Array;
  readonly lanes: Lane[];
  /** The process of each device that was last offered its lane. */
  readonly offered: Map<string, string | undefined>;
}

/** A delivery that nobody has asked for in this time is forgotten. */
const forgottenMs = minutes(5);
/** However many more ask, the first of a lane waits no longer than this many silences. */
const mostSilences = 12;

/** Answers `need` with an offer of a lane, then with blocks: each once for all that wait there. */
export async function createDistributor(options: DistributorOptions): Promise<Distributor> {
  const { fleet, link, blobs, access, clock, logger } = options;
  const laneDevices = options.laneDevices ?? limits.laneDevices;
  const pace = options.paceBytesPerSecond ?? limits.paceBytesPerSecond;
  const quietMs = options.gatherMs ?? 250;
  const gathering = { quietMs, mostMs: mostSilences * quietMs };
  const deliveries = new Map<string, Delivery>();
  const loading = new Map<string, Promise<Delivery>>();
  const instances = new Map<string, string>();
  const stop = new AbortController();
  let pumping: Promise<void> | undefined;
  let laneCount = 0;

  function deliveryOf(blob: string): Promise<Delivery> {
    const known = deliveries.get(blob);
    if (known) return Promise.resolve(known);
    const load = loading.get(blob) ?? open(blob);
    loading.set(blob, load);
    return load;
  }

  async function open(blob: string): Promise<Delivery> {
    try {
      const bytes = await blobs.get(blob);
      const delivery = { blob, bytes, lanes: [], offered: new Map() };
      deliveries.set(blob, delivery);
      return delivery;
    } finally {
      loading.delete(blob);
    }
  }

  async function answer(device: string, blob: string, missing: readonly number[]): Promise<void> {
    if (!(await access.mayRead(device, blob))) {
      throw new FleetError('forbidden', `No target of ${device} names ${blob}.`);
    }
    const delivery = await deliveryOf(blob);
    const now = clock.now();
    const lane = delivery.lanes.find((one) => one.has(device));
    // A new process of the device knows nothing of the lane that an earlier one was offered.
    if (!lane || delivery.offered.get(device) !== instances.get(device)) {
      await offer(device, delivery, now);
      return;
    }
    lane.need(device, missing, now);
    pumping ??= pump()
      .catch((thrown: unknown) => {
        if (!stop.signal.aborted) logger.warn({ err: thrown }, 'blocks could not be published');
      })
      .finally(() => {
        pumping = undefined;
      });
  }

  async function offer(device: string, delivery: Delivery, nowMs: number): Promise<void> {
    const { blob, bytes, lanes, offered } = delivery;
    const blocks = Math.ceil(bytes.length / limits.blockSizeBytes);
    let lane =
      lanes.find((one) => one.has(device)) ?? lanes.find(({ devices }) => devices < laneDevices);
    if (!lane) {
      laneCount++;
      lane = createLane(`l${laneCount}`, blocks, gathering);
      lanes.push(lane);
    }
    lane.join(device, nowMs);
    offered.set(device, instances.get(device));
    await link.publish(
      'offer',
      { fleet, device },
      { v: 1, blob, lane: lane.id, sizeBytes: bytes.length, blocks },
    );
  }

  /** Publishes round-robin over all lanes whose round has begun, one block each, at the given pace. */
  async function pump(): Promise<void> {
    while (!stop.signal.aborted) {
      const waiting = [...deliveries.values()].flatMap((delivery) =>
        delivery.lanes.filter(({ isWaiting }) => isWaiting).map((lane) => ({ delivery, lane })),
      );
      if (waiting.length === 0) break;
      let published = 0;
      for (const { delivery, lane } of waiting) published += await publishNext(delivery, lane);
      if (published === 0) await clock.sleep(quietMs / 5, stop.signal);
    }
    forget();
  }

  /** Bytes that went out; 0 while the lane gathers. */
  async function publishNext({ blob, bytes }: Delivery, lane: Lane): Promise<number> {
    const block = lane.take(clock.now());
    if (block === undefined) return 0;
    const start = block * limits.blockSizeBytes;
    const part = bytes.subarray(start, start + limits.blockSizeBytes);
    await link.publish('blob', { fleet, digest: blob, lane: lane.id, block: String(block) }, part);
    await clock.sleep((part.length * lane.devices * 1000) / pace, stop.signal);
    return part.length;
  }

  function forget(): void {
    const before = clock.now() - forgottenMs;
    for (const [blob, { lanes }] of deliveries) {
      if (lanes.every(({ lastNeedMs }) => lastNeedMs < before)) deliveries.delete(blob);
    }
  }

  const unwatch = await link.subscribe('presence', { fleet }, (presence, { device }) => {
    if (presence.status === 'online') instances.set(device, presence.instance);
  });
  const unsubscribe = await link.subscribe('need', { fleet }, ({ digest, missing }, { device }) => {
    if (missing.length === 0) return;
    answer(device, digest, missing).catch((thrown: unknown) => {
      if (!stop.signal.aborted)
        logger.warn(
          { err: FleetError.from(thrown), device, blob: digest },
          'a request for blocks was not answered',
        );
    });
  });

  return {
    get figures() {
      return [...deliveries.values()].flatMap(({ blob, lanes }) =>
        lanes.map(({ id, devices, published }) => ({ blob, lane: id, devices, published })),
      );
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all([unwatch(), unsubscribe()]);
      await pumping;
    },
  };
}
