import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';

/** A real broker on a free port of this machine, with a hand on its connections. */
export interface TestBroker extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection, or those of one client, without a goodbye. */
  cut(clientId?: string): void;
}

/** Starts a broker that lets everybody in, or only those with a password that it knows. */
export async function startTestBroker(
  options: { readonly passwords?: ReadonlySet<string> } = {},
): Promise<TestBroker> {
  const { passwords } = options;
  const aedes = await Aedes.createBroker({
    concurrency: 0,
    authenticate: (_client, _username, password, done) =>
      done(null, passwords === undefined || passwords.has(String(password))),
  });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut(clientId) {
      if (clientId === undefined) cutAll();
      else clientOf(aedes, clientId)?.conn.destroy();
    },
    async [Symbol.asyncDispose]() {
      cutAll();
      await new Promise<void>((resolve) => aedes.close(resolve));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function clientOf(aedes: Aedes, id: string): { readonly conn: Socket } | undefined {
  const clients = (aedes as unknown as { clients: Record<string, { conn: Socket }> }).clients;
  return clients[id];
}
