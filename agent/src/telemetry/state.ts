import { type DeviceState, PROTOCOL_VERSION } from '@edgewise/protocol';
import type { Roles, Slot } from '../core/slot.ts';

/** What does not change while a process lives. */
export interface DeviceFacts
  extends Pick<DeviceState, 'device' | 'instance' | 'agentVersion' | 'deviceClass'> {}

/** What does. */
export interface Moment
  extends Pick<
    DeviceState,
    'atMs' | 'clock' | 'observedGeneration' | 'observedCommand' | 'health'
  > {
  readonly roles: Roles;
  readonly progress?: DeviceState['progress'];
  readonly waiting?: DeviceState['waiting'];
}

/** The document that a device reports about itself. */
export function stateOf(facts: DeviceFacts, moment: Moment): DeviceState {
  const { device, instance, agentVersion, deviceClass } = facts;
  const { roles, progress, waiting, ...rest } = moment;
  const { active, candidate, fallback, refusals } = roles;
  return {
    v: 1,
    device,
    instance,
    protocol: PROTOCOL_VERSION,
    agentVersion,
    deviceClass,
    ...rest,
    slots: {
      ...(active && { active: reportOf(active) }),
      ...(candidate && { candidate: reportOf(candidate) }),
      ...(fallback && { fallback: reportOf(fallback) }),
    },
    refusals: [...refusals],
    ...(progress && { progress }),
    ...(waiting && { waiting }),
  };
}

function reportOf({ attempts: _attempts, ...report }: Slot) {
  return report;
}
