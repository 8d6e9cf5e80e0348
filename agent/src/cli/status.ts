import type { DeviceState } from '@edgewise/protocol';
import { readIdentity } from '../enrol/identity.ts';
import { createFileDisk } from '../node/file-disk.ts';
import { readJournal } from '../slots/journal.ts';
import { readLife } from '../telemetry/life.ts';

/** What the files of a folder tell about its device. */
export interface FolderStatus {
  readonly folder: string;
  /** `null` before enrolment. */
  readonly device: string | null;
  readonly fleet: string | null;
  readonly broker: string | null;
  /** `running` also after a crash: nobody could note it. */
  readonly life: 'never-started' | 'running' | 'stopped';
  readonly slots: DeviceState['slots'];
  readonly refusals: DeviceState['refusals'];
}

/** Reads the status of a folder; changes nothing. */
export async function readStatus(folder: string): Promise<FolderStatus> {
  const identity = await readIdentity(folder);
  const disk = createFileDisk(folder);
  const { refusals, ...slots } = await readJournal(disk);
  return {
    folder,
    device: identity?.enrolment.device ?? null,
    fleet: identity?.enrolment.fleet ?? null,
    broker: identity?.enrolment.broker ?? null,
    life: await readLife(disk),
    slots,
    refusals: [...refusals],
  };
}

/** The status as lines for people. */
export function describeStatus(status: FolderStatus): readonly string[] {
  if (status.device === null) {
    const next = `edgewise-agent enrol TOKEN --folder ${status.folder}`;
    return [`${status.folder}: not enrolled yet. Next: ${next}`];
  }
  const slots = (['active', 'candidate', 'fallback'] as const).map((role) => {
    const slot = status.slots[role];
    const { model, version, deviceClass } = slot?.bundle ?? {};
    const held = slot === undefined ? '-' : `${model} ${version} (${deviceClass}), ${slot.status}`;
    return `  ${role.padEnd(9)} ${held}`;
  });
  const refusals = status.refusals.map(
    ({ manifest, code, detail }) => `  refused   ${manifest.slice(0, 12)} [${code}] ${detail}`,
  );
  const about = `${status.device} of fleet ${status.fleet}, ${status.life}, broker ${status.broker}`;
  return [about, ...slots, ...refusals];
}
