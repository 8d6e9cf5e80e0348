import type { DeviceState } from '@edgewise/protocol';
import type { ParityRecord } from './parity-records.ts';

/** The certificates and refusals that a device reports, one for each bundle. Pure. */
export function foundInState(state: DeviceState): readonly ParityRecord[] {
  const { device, deviceClass } = state;
  const found = new Map<string, ParityRecord>();
  for (const { manifest, code, detail, atMs, parity } of state.refusals) {
    // A trial fails after the proof: what it refutes is not the certificate.
    if (code === 'trial-failed') continue;
    const refusal = { outcome: 'refused', code, detail, atMs, ...(parity && { parity }) } as const;
    found.set(manifest, { device, manifest, deviceClass, ...refusal });
  }
  for (const slot of Object.values(state.slots)) {
    if (slot?.parity === undefined) continue;
    const { manifest } = slot.bundle;
    const { parity } = slot;
    found.set(manifest, {
      ...{ device, manifest, deviceClass: parity.deviceClass ?? deviceClass },
      ...{ outcome: 'proved', parity, atMs: parity.atMs ?? state.atMs },
    });
  }
  return [...found.values()];
}
