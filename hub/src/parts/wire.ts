import type { Logger } from 'pino';
import { createCertificate, type TlsIdentity } from '../api/certificate.ts';
import type { Tokens } from '../api/tokens.ts';
import { createBroker } from '../broker/broker.ts';
import type { BlobAccess, RefusedSignIn } from '../broker/ports.ts';
import type { Clock } from '../clock.ts';
import type { Devices } from '../fleet/devices.ts';
import type { Identity } from '../fleet/identity.ts';
import type { OnUnreadable } from '../link/handlers.ts';
import type { HubLink } from '../link/hub-link.ts';
import { createMqttLink, openBroker } from '../link/mqtt-link.ts';
import { isLoopback } from '../loopback.ts';
import type { Signal } from '../signal.ts';

/** The hub's end of the wire, and the broker at the other end of it where that is embedded. */
export interface Wire {
  readonly kind: 'embedded' | 'external';
  readonly url: string;
  readonly link: HubLink;
  readonly disconnectDevice: (device: string) => void;
  readonly disconnectToken: (name: string) => void;
  readonly refused?: Signal<RefusedSignIn>;
}

/** What the wire is made from. */
export interface WireOptions {
  readonly identity: Identity;
  readonly devices: Devices;
  readonly access: BlobAccess;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsIdentity;
  /** An external broker. */
  readonly url?: string;
  readonly onUnreadable: OnUnreadable;
  /** Devices wait for it before they may sign in to the embedded broker. */
  readonly ready: Promise<void>;
  readonly keep: AsyncDisposableStack;
}

/** Starts the embedded broker, or connects to an external one. */
export function openWire(options: WireOptions): Promise<Wire> {
  return options.url === undefined ? openEmbedded(options) : openExternal(options, options.url);
}

async function openEmbedded(options: WireOptions): Promise<Wire> {
  const { identity, devices, access, tokens, clock, logger, host, port, tls, onUnreadable, keep } =
    options;
  const broker = keep.use(
    await createBroker({
      fleet: identity.fleet,
      hub: identity.hub,
      keys: devices,
      blobs: access,
      tokens: { verify: async (name, secret) => (await tokens.verify(secret))?.name === name },
      clock,
      logger: logger.child({ part: 'broker' }),
      host,
      port,
      ready: options.ready,
      ...(tls && { tls }),
    }),
  );
  const link = keep.use(
    await createMqttLink({
      open: () => broker.connect(),
      clientId: identity.hub,
      onUnreadable,
      logger,
    }),
  );
  return {
    kind: 'embedded',
    url: broker.url,
    link,
    refused: broker.refused,
    disconnectDevice: (device) => broker.disconnectDevice(device),
    disconnectToken: (name) => broker.disconnectToken(name),
  };
}

async function openExternal(
  { identity, logger, onUnreadable, keep }: WireOptions,
  url: string,
): Promise<Wire> {
  const { protocol, host, username, password } = new URL(url);
  const link = keep.use(
    await createMqttLink({
      open: openBroker(url),
      clientId: identity.hub,
      onUnreadable,
      logger,
      ...(username !== '' && {
        username: decodeURIComponent(username),
        password: decodeURIComponent(password),
      }),
    }),
  );
  // That broker knows nothing of our keys: it is configured to withdraw them itself.
  const nothing = () => undefined;
  return {
    kind: 'external',
    // Devices, readers and the log learn the address, never the hub's own password.
    url: `${protocol}//${host}`,
    link,
    disconnectDevice: nothing,
    disconnectToken: nothing,
  };
}

/** A certificate where the hub listens off loopback; `undefined` on loopback. */
export async function tlsFor(
  host: string,
  identity: Identity,
  { hosts, clock }: { readonly hosts: readonly string[]; readonly clock: Clock },
): Promise<TlsIdentity | undefined> {
  if (isLoopback(host)) return undefined;
  return await createCertificate({
    key: identity.privateKeyPem,
    hosts: [...new Set([...hosts, host])],
    nowMs: clock.now(),
  });
}
