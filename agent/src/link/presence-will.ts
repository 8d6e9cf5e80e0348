import { encodeMessage, type Presence, topicOf } from '@edgewise/protocol';
import type { MqttLinkOptions } from './mqtt-link.ts';

interface PresenceWillOptions {
  readonly fleet: string;
  readonly device: string;
  /** Random per process start. */
  readonly instance: string;
  readonly nowMs: () => number;
}

/** The last will of a device: what the broker says when its connection breaks. */
export function presenceWill(options: PresenceWillOptions): NonNullable<MqttLinkOptions['will']> {
  const { fleet, device, instance, nowMs } = options;
  return (session) => {
    const presence: Presence = { v: 1, status: 'offline', instance, session, atMs: nowMs() };
    return {
      topic: topicOf('presence', { fleet, device }),
      payload: encodeMessage('presence', presence),
    };
  };
}
