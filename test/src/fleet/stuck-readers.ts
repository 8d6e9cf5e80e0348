import type { Socket } from 'node:net';
import { filterOf } from '@edgewise/protocol';
import { connectAsync } from 'mqtt';

interface StuckOptions {
  readonly broker: string;
  readonly fleet: string;
  readonly count: number;
  /** A read-scoped API token and its name. */
  readonly reader: { readonly name: string; readonly token: string };
}

/** Clients that subscribe to everything the fleet says and then stop reading. */
export async function startStuckReaders(options: StuckOptions): Promise<AsyncDisposable> {
  const { broker, fleet, reader } = options;
  const filters = (['state', 'event', 'presence', 'target', 'reply'] as const).map((channel) =>
    filterOf(channel, { fleet }),
  );
  const clients = await Promise.all(
    Array.from({ length: options.count }, async () => {
      const client = await connectAsync(broker, {
        username: `api:${reader.name}`,
        password: reader.token,
        reconnectPeriod: 0,
        keepalive: 30,
      });
      client.on('error', () => undefined);
      await client.subscribeAsync(filters, { qos: 0 });
      (client.stream as unknown as Socket).pause();
      return client;
    }),
  );
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.endAsync(true)));
    },
  };
}
