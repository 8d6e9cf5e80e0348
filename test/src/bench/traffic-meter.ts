import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP relay that counts what passes through it, in both directions together. */
export interface TrafficMeter extends AsyncDisposable {
  /** `mqtt://` address that stands for the broker behind it. */
  readonly address: string;
  readonly bytes: number;
}

/** Relays to a broker at an `mqtt://` address. */
export async function startTrafficMeter(broker: string): Promise<TrafficMeter> {
  const { hostname, port } = new URL(broker);
  const sockets = new Set<Socket>();
  let bytes = 0;
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    socket.on('error', () => other.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    socket.pipe(other);
  };
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    keep(near, far);
    keep(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get bytes() {
      return bytes;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
