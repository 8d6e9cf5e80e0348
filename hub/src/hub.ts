/**
 * The hub, part by part: store, identity, broker and link; then what devices need (fleet, telemetry,
 * delivery); then what models need; then the API over all of it. Parts stop in the opposite order.
 */
import { hostname, networkInterfaces } from 'node:os';
import path from 'node:path';
import type { Logger } from 'pino';
import { createSqliteAlarmRecords } from './alarms/adapters/sqlite-alarm-records.ts';
import { createAlarms } from './alarms/alarms.ts';
import { alarmHandlers } from './alarms/handlers.ts';
import { createStoredTokens } from './api/adapters/stored-tokens.ts';
import { createEventLog } from './api/event-log.ts';
import { hubHandlers, statusOf } from './api/hub-handlers.ts';
import { createMetrics } from './api/metrics.ts';
import { createApi } from './api/server.ts';
import { createSignInCodes } from './api/sign-in-codes.ts';
import { createTokens } from './api/tokens.ts';
import { createDistributor } from './delivery/distributor.ts';
import { openIdentity } from './fleet/adapters/open-identity.ts';
import { createSqlDevices } from './fleet/adapters/sql-devices.ts';
import { createBlobAccess } from './fleet/blob-access.ts';
import { createFleet } from './fleet/create-fleet.ts';
import { createDeviceView } from './fleet/device-view.ts';
import { createEnrolments } from './fleet/enrolment.ts';
import { fleetHandlers } from './fleet/handlers.ts';
import { startLiveFeed } from './fleet/live-feed.ts';
import type { HubLink } from './link/hub-link.ts';
import type { Live } from './live.ts';
import { createHeadlines } from './parts/headlines.ts';
import { createModelParts } from './parts/model-parts.ts';
import { openWire, tlsFor } from './parts/wire.ts';
import { createProfiledBundles } from './registry/profiled-bundles.ts';
import { createFileBlobs, removeUnfinished } from './store/adapters/file-blobs.ts';
import { claimFolder } from './store/claim-folder.ts';
import { createGroupCommit } from './store/group-commit.ts';
import { openDatabase } from './store/open-database.ts';
import { systemClock as clock } from './system-clock.ts';
import { createSqliteRetention } from './telemetry/adapters/sqlite-retention.ts';
import { createSqliteTelemetryRecords } from './telemetry/adapters/sqlite-telemetry-records.ts';
import { createTelemetry } from './telemetry/create-telemetry.ts';
import { startRetention } from './telemetry/retention.ts';

/** How a hub is set up. */
export interface HubOptions {
  /** Everything the hub keeps. */
  readonly folder: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly brokerPort: number;
  /** Id of the fleet, at the first start. */
  readonly fleet: string;
  readonly version: string;
  readonly logger: Logger;
  /** An external broker instead of the embedded one. */
  readonly brokerUrl?: string;
  readonly consoleFolder?: string;
}

/** A running hub. */
export interface Hub extends AsyncDisposable {
  readonly url: string;
  readonly brokerUrl: string;
  /** SHA-256 of the hub's public key: over TLS it is known by it. */
  readonly fingerprint: string;
  /** The admin token; only at the first start. */
  readonly firstToken: string | undefined;
  /** A link that signs a browser in, once. */
  signInLink(): string;
}

/** Starts a hub. Rejects with `port-in-use`, `conflict` where another hub works, and with what its folder or broker refuse. */
export async function createHub(options: HubOptions): Promise<Hub> {
  await using starting = new AsyncDisposableStack();
  const hub = await startHub(options, starting);
  const keep = starting.move();
  return { ...hub, [Symbol.asyncDispose]: () => keep.disposeAsync() };
}

async function startHub(
  options: HubOptions,
  keep: AsyncDisposableStack,
): Promise<Omit<Hub, keyof AsyncDisposable>> {
  const { folder, host, logger } = options;
  const startedAtMs = clock.now();
  const onError = (thrown: unknown) =>
    logger.error({ err: thrown }, 'something failed in the background');

  keep.use(await claimFolder(folder));
  const db = await openDatabase(path.join(folder, 'hub.db'));
  keep.defer(() => db.destroy());
  const group = keep.use(createGroupCommit(db));
  const blobFolder = path.join(folder, 'blobs');
  const blobs = await createFileBlobs(blobFolder);
  await removeUnfinished(blobFolder);
  const identity = await openIdentity(folder, options.fleet);
  const { fleet: fleetId } = identity;
  const tls = await tlsFor(host, identity, { hosts: localAddresses(), clock });

  const devices = createSqlDevices(db, group);
  const access = createBlobAccess(devices, blobs);
  const tokens = createTokens(createStoredTokens(db), clock);
  const events = createEventLog({ boot: startedAtMs.toString(36), now: clock.now });

  const setAside = Promise.withResolvers<Parameters<typeof openWire>[0]['onUnreadable']>();
  const listening = Promise.withResolvers<void>();
  const wire = await openWire({
    ...{ identity, devices, access, tokens, clock, logger, host, keep },
    port: options.brokerPort,
    ready: listening.promise,
    ...(tls && { tls }),
    ...(options.brokerUrl !== undefined && { url: options.brokerUrl }),
    onUnreadable: (topic, body, error) => {
      void setAside.promise.then((put) => put(topic, body, error));
    },
  });
  const { link } = wire;

  const telemetry = keep.use(
    await createTelemetry({
      fleet: fleetId,
      link,
      store: createSqliteTelemetryRecords(db, group),
      clock,
      logger,
    }),
  );
  setAside.resolve(telemetry.setAside);
  const fleet = keep.use(
    await createFleet({
      ...{ devices, identity, link, clock, logger },
      disconnect: wire.disconnectDevice,
      ...(wire.refused && { refused: wire.refused }),
    }),
  );
  keep.use(
    await createDistributor({
      ...{ fleet: fleetId, link, blobs, access, clock, logger },
      ...(wire.kind === 'external' && { laneDevices: Number.POSITIVE_INFINITY }),
    }),
  );
  keep.use(startRetention({ store: createSqliteRetention(db, group), clock, onError }));
  const models = createModelParts({
    ...{ db, blobs, blobFolder, identity, fleet, telemetry, clock, onError, keep },
    live: events,
  });
  const { registry, labels, pipeline, rollouts } = models;
  const profiled = createProfiledBundles({ registry, blobs });
  const alarms = keep.use(
    createAlarms({
      ...{
        telemetry,
        fleet,
        registry,
        blobs,
        profiled,
        labels,
        pipeline,
        rollouts,
        clock,
        onError,
      },
      records: createSqliteAlarmRecords(db),
      live: events,
    }),
  );
  const view = createDeviceView({
    telemetry,
    drift: alarms.drift,
    models: profiled,
  });
  keep.defer(startLiveFeed({ fleet, telemetry, view, live: events, onError }));
  keep.defer(await forwardPredictions(link, fleetId, events));

  let apiUrl = '';
  const enrolments = createEnrolments({
    ...{ devices, identity, clock },
    addresses: () => ({ api: reachable(apiUrl), broker: reachable(wire.url) }),
    onEnrolled: fleet.announce,
  });
  const codes = createSignInCodes(clock);
  const facts = {
    ...{
      hub: identity.hub,
      fleet: fleetId,
      version: options.version,
      startedAtMs,
      now: clock.now,
      tokens,
      codes,
    },
    tokenRemoved: wire.disconnectToken,
    headlines: createHeadlines({
      wire,
      fleet,
      telemetry,
      registry,
      labels,
      pipeline,
      rollouts,
      alarms,
    }),
  };
  const fleetRoutes = fleetHandlers({ fleet, enrolments, telemetry, view });
  const metrics = createMetrics({
    status: () => statusOf(facts),
    devices: async () => Promise.all((await fleet.list()).map(view.device)),
  });
  const api = keep.use(
    await createApi({
      ...{ events, tokens, codes, host, port: options.port, logger: logger.child({ part: 'api' }) },
      handlers: {
        ...models.handlers,
        ...alarmHandlers(alarms),
        ...fleetRoutes,
        ...hubHandlers(facts),
        metrics,
      },
      ...(tls && { tls }),
      ...(options.consoleFolder !== undefined && { consoleFolder: options.consoleFolder }),
    }),
  );
  apiUrl = api.url;
  listening.resolve();
  const first =
    (await tokens.list()).length === 0 ? await tokens.create('admin', 'admin') : undefined;
  logger.info({ url: api.url, broker: wire.url, fleet: fleetId }, 'the hub is ready');
  return {
    url: reachable(api.url),
    brokerUrl: reachable(wire.url),
    fingerprint: identity.fingerprint,
    firstToken: first?.token,
    signInLink: () => `${reachable(api.url)}/#/signin?code=${codes.create().code}`,
  };
}

/** Passes predictions on to whoever watches the event stream. */
async function forwardPredictions(
  link: HubLink,
  fleet: string,
  live: Live,
): Promise<() => Promise<void>> {
  return await link.subscribe('prediction', { fleet }, (prediction) =>
    live.emit({ kind: 'prediction', prediction }),
  );
}

/** An address as other machines can use it: a hub that listens everywhere is named by its host. */
function reachable(url: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${hostname()}`);
}

/** Addresses by which other machines may reach this one. */
function localAddresses(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return ['localhost', hostname(), ...addresses.map(({ address }) => address)];
}
