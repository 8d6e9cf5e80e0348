import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A slow line between an agent and its broker, so that a download can be met half-way. */
export interface PacedRelay extends AsyncDisposable {
  /** `mqtt://` address that stands for the broker behind it. */
  readonly address: string;
  /** Bytes that came from the broker so far. */
  readonly receivedBytes: number;
  /** What the line carries from the broker; unlimited at first. */
  pace(bytesPerSecond: number): void;
}

/** Relays to the broker at a port of this machine; a broker that is away closes the connection. */
export async function startPacedRelay(brokerPort: number): Promise<PacedRelay> {
  const sockets = new Set<Socket>();
  let receivedBytes = 0;
  let rate = Number.POSITIVE_INFINITY;

  async function carry(far: Socket, near: Socket): Promise<void> {
    for await (const chunk of far as AsyncIterable<Buffer>) {
      receivedBytes += chunk.length;
      near.write(chunk);
      if (Number.isFinite(rate)) await sleep((1000 * chunk.length) / rate);
    }
  }

  const server = createServer((near) => {
    const far = connect(brokerPort, '127.0.0.1');
    const cut = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    near.pipe(far);
    carry(far, near).catch(cut);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get receivedBytes() {
      return receivedBytes;
    },
    pace(bytesPerSecond) {
      rate = bytesPerSecond;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
