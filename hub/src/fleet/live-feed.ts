import type { Live } from '../live.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { DeviceView } from './device-view.ts';
import type { Fleet } from './fleet.ts';

/** What is followed, and who is told. */
export interface LiveFeedOptions {
  readonly fleet: Fleet;
  readonly telemetry: Telemetry;
  readonly view: DeviceView;
  readonly live: Live;
  readonly onError: (thrown: unknown) => void;
  /** Changes of one device within this time are told as one. */
  readonly gatherMs?: number;
}

/** Tells the event stream of changed devices, windows and device events. Returns what ends it. */
export function startLiveFeed(options: LiveFeedOptions): () => void {
  const { fleet, telemetry, view, live, onError, gatherMs = 250 } = options;
  const changed = new Map<string, NodeJS.Timeout>();

  async function tellDevice(device: string): Promise<void> {
    changed.delete(device);
    live.emit({ kind: 'device', device: await view.device(await fleet.get(device)) });
  }

  function noteDevice(device: string): void {
    if (changed.has(device)) return;
    const tell = () => tellDevice(device).catch(onError);
    changed.set(device, setTimeout(tell, gatherMs));
  }

  const ends = [
    fleet.changed.on(({ id }) => noteDevice(id)),
    telemetry.windowStored.on((stored) => {
      noteDevice(stored.device);
      view
        .window(stored)
        .then((window) => live.emit({ kind: 'window', device: stored.device, window }))
        .catch(onError);
    }),
    telemetry.eventStored.on(({ device, event }) => {
      live.emit({ kind: 'device-event', device, event });
    }),
  ];
  return () => {
    for (const end of ends) end();
    for (const timer of changed.values()) clearTimeout(timer);
  };
}
