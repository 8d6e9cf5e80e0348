import type { Roles } from '../core/slot.ts';
import { bundlesFolder } from './bundle-folder.ts';
import type { Disk } from './disk.ts';
import { readJournal, writeJournal } from './journal.ts';

/**
 * Which bundle holds which role, on the disk. Invariants: `roles` is what is durable; a change is
 * one replacement of one file, so a crash leaves the state before or after it, never between.
 */
export interface Slots {
  readonly roles: Roles;
  /** Resolves when the changed roles are durable; changes happen one after another. */
  change(transition: (roles: Roles) => Roles): Promise<void>;
  /** Removes the files of every bundle that has no role and is not `wanted`; gives their manifests. */
  sweep(wanted: string | undefined): Promise<readonly string[]>;
}

/** Opens the slots of a disk. */
export async function openSlots(disk: Disk): Promise<Slots> {
  let roles = await readJournal(disk);
  let last: Promise<void> = Promise.resolve();

  async function apply(transition: (roles: Roles) => Roles): Promise<void> {
    const next = transition(roles);
    if (next === roles) return;
    await writeJournal(disk, next);
    roles = next;
  }

  return {
    get roles() {
      return roles;
    },
    change(transition) {
      const change = last.then(() => apply(transition));
      last = change.catch(() => undefined);
      return change;
    },
    async sweep(wanted) {
      const held = [roles.active, roles.candidate, roles.fallback];
      const kept = new Set([wanted, ...held.map((slot) => slot?.bundle.manifest)]);
      const gone = (await disk.list(bundlesFolder)).filter((name) => !kept.has(name));
      for (const name of gone) await disk.remove(`${bundlesFolder}/${name}`);
      if (gone.length > 0) await disk.syncFolder(bundlesFolder);
      return gone;
    },
  };
}
