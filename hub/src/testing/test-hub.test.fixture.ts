import { setTimeout as sleep } from 'node:timers/promises';
import { createSigner, generateKey } from '@edgewise/models/crypto';
import { type Code, FleetError } from '@edgewise/protocol';
import pino from 'pino';
import { type Broker, createBroker } from '../broker/broker.ts';
import { createDistributor, type Distributor } from '../delivery/distributor.ts';
import { createSqlDevices } from '../fleet/adapters/sql-devices.ts';
import { createBlobAccess } from '../fleet/blob-access.ts';
import { createFleet, type RunningFleet } from '../fleet/create-fleet.ts';
import type { Devices } from '../fleet/devices.ts';
import { createEnrolments, type Enrolments } from '../fleet/enrolment.ts';
import type { Identity } from '../fleet/identity.ts';
import type { HubLink } from '../link/hub-link.ts';
import { createMqttLink, openBroker } from '../link/mqtt-link.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Database } from '../store/database.ts';
import { createGroupCommit, type GroupCommit } from '../store/group-commit.ts';
import { openDatabase } from '../store/open-database.ts';
import { createSqliteTelemetryRecords } from '../telemetry/adapters/sqlite-telemetry-records.ts';
import { createTelemetry, type RunningTelemetry } from '../telemetry/create-telemetry.ts';

/** Store, broker, link, fleet, telemetry and delivery of a hub, joined as in a real one. */
export interface TestHub extends AsyncDisposable {
  readonly db: Database;
  readonly devices: Devices;
  readonly identity: Identity;
  readonly blobs: BlobStore;
  readonly broker: Pick<Broker, 'url' | 'port'>;
  readonly link: HubLink;
  readonly fleet: RunningFleet;
  readonly telemetry: RunningTelemetry;
  readonly distributor: Distributor;
  readonly enrolments: Enrolments;
  readonly clock: TestClock;
}

/** The machine's time, moved by a test. */
export interface TestClock {
  aheadMs: number;
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

interface TestHubOptions {
  /** The store; memory by default. */
  readonly file?: string;
  readonly identity?: Identity;
  readonly watermarkMs?: number;
  /** An external broker instead of the embedded one. */
  readonly external?: { readonly url: string; readonly port: number };
  /** Stands before every commit, to make it fail. */
  readonly beforeCommit?: () => Promise<void>;
}

/** Names and fresh keys. */
export function testIdentity(): Identity {
  const { privateKeyPem, publicKeyPem } = generateKey();
  const signer = createSigner(privateKeyPem);
  const bundleSigner = createSigner(generateKey().privateKeyPem);
  return {
    hub: 'hub-1',
    fleet: 'home',
    signer,
    privateKeyPem,
    fingerprint: publicKeyPem,
    bundleSigner,
    bundleKeys: [bundleSigner.publicKeyPem],
  };
}

/** Starts a hub on a free port. */
export async function startTestHub(options: TestHubOptions = {}): Promise<TestHub> {
  const { beforeCommit, identity = testIdentity() } = options;
  await using starting = new AsyncDisposableStack();
  const clock: TestClock = {
    aheadMs: 0,
    now: () => Date.now() + clock.aheadMs,
    sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
  };
  const logger = pino({ level: 'silent' });
  const db = await openDatabase(options.file ?? ':memory:');
  starting.defer(() => db.destroy());
  const commits = starting.use(createGroupCommit(db, { everyMs: 2 }));
  const guarded: GroupCommit = {
    ...commits,
    write: async (work) => {
      await beforeCommit?.();
      return commits.write(work);
    },
  };
  const { fleet: fleetId } = identity;
  const devices = createSqlDevices(db, commits);
  const blobs = createMemoryBlobs();
  const access = createBlobAccess(devices, blobs);
  const embedded =
    options.external === undefined
      ? starting.use(
          await createBroker({
            fleet: fleetId,
            hub: identity.hub,
            keys: devices,
            blobs: access,
            tokens: { verify: () => Promise.resolve(false) },
            clock,
            logger,
            host: '127.0.0.1',
            port: 0,
          }),
        )
      : undefined;
  const broker = options.external ?? embedded ?? { url: '', port: 0 };
  clock.aheadMs = 1000;
  let telemetry: RunningTelemetry | undefined;
  const link = starting.use(
    await createMqttLink({
      open: embedded?.connect ?? openBroker(broker.url),
      clientId: identity.hub,
      onUnreadable: (...message) => telemetry?.setAside(...message),
      logger,
    }),
  );
  telemetry = starting.use(
    await createTelemetry({
      fleet: fleetId,
      link,
      store: createSqliteTelemetryRecords(db, guarded),
      clock,
      logger,
      watermarkMs: options.watermarkMs ?? 20,
    }),
  );
  const fleet = starting.use(
    await createFleet({
      ...{ devices, identity, link, clock, logger },
      disconnect: (device) => embedded?.disconnectDevice(device),
      ...(embedded && { refused: embedded.refused }),
    }),
  );
  const distributor = starting.use(
    await createDistributor({ fleet: fleetId, link, blobs, access, clock, logger, gatherMs: 5 }),
  );
  const enrolments = createEnrolments({
    devices,
    identity,
    clock,
    addresses: () => ({ api: 'http://127.0.0.1:1', broker: broker.url }),
    onEnrolled: fleet.announce,
  });
  const parts = { db, devices, identity, blobs, broker, link, fleet, telemetry, distributor };
  const running = starting.move();
  return {
    ...parts,
    enrolments,
    clock,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** For `assert.rejects` and `assert.throws`: an error with this code. */
export const withCode = (code: Code) => (thrown: unknown) =>
  thrown instanceof FleetError && thrown.code === code;

/** Waits until a condition holds; fails after 5 s. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('It did not become true in time.');
    await sleep(5);
  }
}
