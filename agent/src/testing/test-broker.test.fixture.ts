import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { selfSigned } from './certificate.test.fixture.ts';

/** A real broker on a free port of this machine, with a hand on its connections. */
export interface TestBroker extends AsyncDisposable {
  readonly port: number;
  /** Attempts to sign in so far. */
  readonly signIns: number;
  /** Cuts every connection, or those of one client, without a goodbye. */
  cut(clientId?: string): void;
}

/** Starts a broker that lets everybody in, or only those with a password that it knows. */
export async function startTestBroker(
  options: { readonly passwords?: ReadonlySet<string>; readonly tlsKey?: string } = {},
): Promise<TestBroker> {
  const { passwords, tlsKey } = options;
  let signIns = 0;
  const aedes = await Aedes.createBroker({
    concurrency: 0,
    authenticate(_client, _username, password, done) {
      signIns++;
      done(null, passwords === undefined || passwords.has(String(password)));
    },
  });
  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    aedes.handle(socket);
  };
  const server: Server =
    tlsKey === undefined
      ? createServer(onSocket)
      : createTlsServer({ key: tlsKey, cert: selfSigned(tlsKey) }, onSocket);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get signIns() {
      return signIns;
    },
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
