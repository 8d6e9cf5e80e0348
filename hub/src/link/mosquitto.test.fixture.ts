import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const candidates = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', '/usr/bin/mosquitto'];

/** Where Debian and others put it; `undefined` when it is not installed. */
export const mosquittoProgram = candidates.find((file) => existsSync(file));

/** A Mosquitto on a free port of loopback. */
export interface Mosquitto extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Stops it as a crash would, and starts it again on the same port. */
  restart(): Promise<void>;
}

/** Starts Mosquitto with the queues that an outbox of many devices needs. */
export async function startMosquitto(program: string): Promise<Mosquitto> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-mosquitto-'));
  const port = await freePort();
  const file = path.join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    'max_packet_size 40960',
    'max_inflight_messages 1000',
    'max_queued_messages 100000',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const start = async () => {
    const started = spawn(program, ['-c', file], { stdio: 'ignore' });
    await untilListening(port);
    return started;
  };
  let running = await start();
  const stop = async () => {
    running.kill('SIGKILL');
    if (running.exitCode === null && running.signalCode === null) await once(running, 'exit');
  };
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    async restart() {
      await stop();
      running = await start();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilListening(port: number): Promise<void> {
  const deadline = performance.now() + 5000;
  while (performance.now() < deadline) {
    const socket = net.connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    await sleep(20);
  }
  throw new Error('Mosquitto does not listen.');
}
