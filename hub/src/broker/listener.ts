import net from 'node:net';
import tls from 'node:tls';
import { FleetError } from '@edgewise/protocol';

/** Where to listen. */
export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** PEM key and certificate; required off loopback. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A TCP or TLS listener. */
export interface Listener extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Listens and hands over connections, `most` at a time; further ones are closed at once. Rejects with
 * `port-in-use`, and with `invalid-argument` where passwords would cross a network in the clear.
 */
export async function listen(
  { host, port, tls: identity }: ListenOptions,
  most: number,
  receive: (socket: net.Socket) => void,
): Promise<Listener> {
  if (!identity && !loopback.has(host)) {
    throw new FleetError('invalid-argument', `${host} is reached from outside: it needs TLS.`);
  }
  const sockets = new Set<net.Socket>();
  const accept = (socket: net.Socket) => {
    socket.on('error', () => socket.destroy());
    if (sockets.size >= most) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    receive(socket);
  };
  const server = identity
    ? tls.createServer({ ...identity, noDelay: true, handshakeTimeout: 10_000 }, accept)
    : net.createServer({ noDelay: true }, accept);
  // Connections that never finish their handshake count too.
  server.maxConnections = most;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(asFleetError(error, host, port)));
    server.listen({ host, port, backlog: 4096 }, resolve);
  });
  server.on('error', () => undefined);
  const address = server.address() as net.AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${identity ? 'mqtts' : 'mqtt'}://${name}:${address.port}`,
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function asFleetError(cause: Error, host: string, port: number): FleetError {
  const error = FleetError.from(cause);
  if (error.code !== 'port-in-use') return error;
  return new FleetError(
    'port-in-use',
    `Port ${port} of ${host} is taken by another program; choose another one with --broker-port.`,
    { cause },
  );
}
