import type { Client } from '@edgewise/hub/client';
import type { Alarm, Device, LiveEvent, Rollout, Run } from '@edgewise/protocol/http';

type WindowEvent = Extract<LiveEvent, { kind: 'window' }>;

/** Everything the hub's event stream has said so far, by object. */
export interface Observer {
  readonly devices: ReadonlyMap<string, Device>;
  readonly alarms: ReadonlyMap<string, Alarm>;
  readonly runs: ReadonlyMap<string, Run>;
  readonly rollouts: ReadonlyMap<string, Rollout>;
  /** In the order they came. */
  readonly windows: readonly WindowEvent[];
  /** Resolves to what `look` finds, now or after a later event; rejects after `timeoutMs`. */
  until<T>(what: string, timeoutMs: number, look: () => T | undefined | false): Promise<T>;
  /** Rejects when the stream ends although nobody asked. */
  readonly ended: Promise<void>;
}

/** Follows the event stream until the signal aborts. */
export function observe(client: Client, signal: AbortSignal): Observer {
  const devices = new Map<string, Device>();
  const alarms = new Map<string, Alarm>();
  const runs = new Map<string, Run>();
  const rollouts = new Map<string, Rollout>();
  const windows: WindowEvent[] = [];
  const looks = new Set<() => void>();

  function keep(event: LiveEvent): void {
    if (event.kind === 'device') devices.set(event.device.id, event.device);
    else if (event.kind === 'alarm') alarms.set(event.alarm.id, event.alarm);
    else if (event.kind === 'rollout') rollouts.set(event.rollout.id, event.rollout);
    else if (event.kind === 'window') windows.push(event);
    else if (event.kind === 'run')
      runs.set(event.run.id, { ...event.run, metrics: runs.get(event.run.id)?.metrics ?? [] });
    else if (event.kind === 'metric') keepMetric(event);
    else if (event.kind === 'reset') throw new Error('The event stream lost events.');
  }

  function keepMetric({ run, metric }: Extract<LiveEvent, { kind: 'metric' }>): void {
    const known = runs.get(run);
    if (known) runs.set(run, { ...known, metrics: [...known.metrics, metric] });
  }

  async function follow(): Promise<void> {
    for await (const event of client.events({ signal })) {
      keep(event);
      for (const look of looks) look();
    }
    if (!signal.aborted) throw new Error('The event stream ended.');
  }

  const ended = follow();
  // Whoever waits for something is told; nobody may be waiting just now.
  ended.catch(() => undefined);
  return {
    devices,
    alarms,
    runs,
    rollouts,
    windows,
    ended,
    until: (what, timeoutMs, find) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void) => {
          clearTimeout(timer);
          looks.delete(look);
          act();
        };
        const timer = setTimeout(
          () => finish(() => reject(new Error(`Waited ${timeoutMs / 1000} s for ${what}.`))),
          timeoutMs,
        );
        const look = () => {
          const found = find();
          if (found !== undefined && found !== false) finish(() => resolve(found));
        };
        looks.add(look);
        ended.catch((thrown: unknown) => finish(() => reject(thrown)));
        look();
      }),
  };
}
