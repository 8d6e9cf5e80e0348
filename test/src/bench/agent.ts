import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { rollOut } from '../demo/follow.ts';
import { residentBytes } from '../demo/processes.ts';
import { deviceFolder, enrolAgent, startAgent } from '../demo/stack.ts';
import type { RunBench } from './bench.ts';
import { printed } from './result.ts';
import { startTrafficMeter, type TrafficMeter } from './traffic-meter.ts';

const device = 'idle-1';
/** Two looks; in the quieter one only the connection is kept alive. */
const lookMs = 60_000;
/** After the rollout, so that only idleness is left. */
const settleMs = 10_000;
const hourMs = 3_600_000;
/** An idle device repeats its state every five minutes. */
const statesPerHour = 12;
const mebibyte = 1 << 20;

/** One real agent that nobody asks anything. */
export const benchAgent: RunBench = async ({ stage, say }) => {
  const { scene, version } = await stage();
  const { hub, folder, observer } = scene;
  const home = deviceFolder(folder, device);
  await enrolAgent(hub.client, device, { folder: home });
  await using meter = await startTrafficMeter(hub.address.broker);
  await reachThrough(home, meter.address);
  await using agent = (await startAgent(device, home)).program;
  await observer.until(
    'the idle agent',
    20_000,
    () => observer.devices.get(device)?.presence.status === 'online',
  );
  const bare = residentBytes(agent.pid);
  await rollOut(scene, version);
  await sleep(settleMs);
  say.fact('now nothing happens for two minutes');
  const looks = [await bytesIn(meter, lookMs), await bytesIn(meter, lookMs)];
  const { state } = await hub.client.call('getDevice', { params: { device } });
  const stateBytes = JSON.stringify(state).length + topicBytes;
  const perHour = (Math.min(...looks) * hourMs) / lookMs + statesPerHour * stateBytes;
  const [variant] = version.variants;
  return [
    printed('idle RSS before its first model', bare / mebibyte, 'MiB'),
    printed('idle RSS with the model in service', residentBytes(agent.pid) / mebibyte, 'MiB'),
    printed('the model itself', (variant?.graphBytes ?? 0) / mebibyte, 'MiB'),
    printed('traffic per idle hour, both directions', Math.round(perHour), 'bytes'),
  ];
};

/** Topic, headers and acknowledgement of a message, about. */
const topicBytes = 50;

async function bytesIn(meter: TrafficMeter, spanMs: number): Promise<number> {
  const before = meter.bytes;
  await sleep(spanMs);
  return meter.bytes - before;
}

/** Lets a device find the broker at another address than it was told. */
async function reachThrough(home: string, broker: string): Promise<void> {
  const file = path.join(home, 'identity.json');
  const identity = JSON.parse(await readFile(file, 'utf8')) as { enrolment: object };
  const moved = { ...identity, enrolment: { ...identity.enrolment, broker } };
  await writeFile(file, JSON.stringify(moved));
}
