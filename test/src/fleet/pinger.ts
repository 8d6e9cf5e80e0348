import { topicOf } from '@edgewise/protocol';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';

/** Round trips through the broker, one after the other, from a device to a reader. */
export interface Pinger extends AsyncDisposable {
  /** Milliseconds of every round trip since the last call; one that never came back counts as `lostMs`. */
  take(): readonly number[];
}

interface PingerOptions {
  readonly broker: string;
  readonly fleet: string;
  readonly device: string;
  /** How the device signs in. */
  readonly signIn: () => Promise<Pick<IClientOptions, 'clientId' | 'username' | 'password'>>;
  /** A read-scoped API token and its name. */
  readonly reader: { readonly name: string; readonly token: string };
}

const everyMs = 20;
const lostMs = 5000;

/** Connects as a device and as a reader, and pings until it is disposed. */
export async function startPinger(options: PingerOptions): Promise<Pinger> {
  const { broker, fleet, device, reader } = options;
  const from = await connect(broker, await options.signIn());
  const to = await connect(broker, { username: `api:${reader.name}`, password: reader.token });
  const topic = topicOf('reply', { fleet, device });
  await to.subscribeAsync(topic, { qos: 0 });
  let times: number[] = [];
  let ended = false;
  let transaction = 0;

  async function ping(): Promise<void> {
    const body = { v: 1, transaction: `p${++transaction}`, atMs: Date.now(), ok: true };
    const heard = nextMessage(to);
    const startedMs = performance.now();
    await from.publishAsync(topic, JSON.stringify(body), { qos: 0 });
    times.push((await heard) ? performance.now() - startedMs : lostMs);
  }

  async function run(): Promise<void> {
    while (!ended) {
      await ping();
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  const running = run();
  return {
    take() {
      const taken = times;
      times = [];
      return taken;
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      await running;
      await Promise.all([from.endAsync(true), to.endAsync(true)]);
    },
  };
}

function connect(broker: string, options: IClientOptions): Promise<MqttClient> {
  return connectAsync(broker, { ...options, reconnectPeriod: 0, keepalive: 30 });
}

function nextMessage(client: MqttClient): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), lostMs);
    client.once('message', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
