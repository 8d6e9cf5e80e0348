import type { Client } from '@edgewise/hub/client';
import { channelOf, decodeMessage, filterOf } from '@edgewise/protocol';
import { connectAsync } from 'mqtt';

/** Everything a hub has ever promised to hold, heard over MQTT with a read-scoped token. */
export interface WatermarkRecord extends AsyncDisposable {
  /** Windows of a device that a watermark covers and the hub does not know; empty as it should be. */
  missing(client: Client, device: string): Promise<readonly string[]>;
  /** Windows that are covered, by device. */
  covered(device: string): number;
}

interface Promised {
  readonly sequence: number;
  readonly gaps: readonly (readonly [number, number])[];
}

/** Listens to all watermarks, also after the hub has come back from a crash. */
export async function recordWatermarks(options: {
  readonly client: Client;
  readonly broker: string;
}): Promise<WatermarkRecord> {
  const { client, broker } = options;
  const { fleet } = await client.call('status');
  const name = 'watermarks';
  const { token } = await client.call('createToken', { body: { name, scope: 'read' } });
  const mqtt = await connectAsync(broker, {
    username: `api:${name}`,
    password: token,
    reconnectPeriod: 300,
    keepalive: 30,
  });
  mqtt.on('error', () => undefined);
  const promised = new Map<string, Map<number, Promised>>();
  mqtt.on('message', (topic, payload) => {
    const found = channelOf(topic);
    if (found?.channel !== 'committed') return;
    const { window } = decodeMessage('committed', payload);
    if (window === undefined) return;
    const { device } = found.params as { readonly device: string };
    const epochs = promised.get(device) ?? new Map<number, Promised>();
    promised.set(device, epochs.set(window.epoch, window));
  });
  await mqtt.subscribeAsync(filterOf('committed', { fleet }), { qos: 1 });

  const coveredOf = (device: string): readonly string[] =>
    [...(promised.get(device) ?? [])].flatMap(([epoch, { sequence, gaps }]) =>
      Array.from({ length: sequence }, (_, index) => index + 1)
        .filter((one) => !gaps.some(([first, last]) => one >= first && one <= last))
        .map((one) => `${epoch}/${one}`),
    );

  return {
    async missing(now, device) {
      const windows = await now.call('deviceWindows', {
        params: { device },
        query: { limit: 1000 },
      });
      const known = new Set(windows.map(({ epoch, sequence }) => `${epoch}/${sequence}`));
      return coveredOf(device).filter((one) => !known.has(one));
    },
    covered: (device) => coveredOf(device).length,
    [Symbol.asyncDispose]: () => mqtt.endAsync(true),
  };
}
