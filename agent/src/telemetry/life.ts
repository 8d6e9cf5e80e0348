import type { EventBody } from '@edgewise/protocol';
import { type Disk, writeDurably } from '../slots/disk.ts';

type PreviousExit = Extract<EventBody, { kind: 'started' }>['previousExit'];

const path = 'life.json';

/** What was noted last. */
export async function readLife(disk: Disk): Promise<'never-started' | 'running' | 'stopped'> {
  const bytes = await disk.read(path);
  if (bytes === undefined) return 'never-started';
  return new TextDecoder().decode(bytes).includes('"stopped"') ? 'stopped' : 'running';
}

const exits = { 'never-started': 'first', stopped: 'clean', running: 'crash' } as const;

/** Notes that a process lives, and tells how the one before it ended. */
export async function beginLife(disk: Disk): Promise<PreviousExit> {
  const life = await readLife(disk);
  await note(disk, 'running');
  return exits[life];
}

/** Notes that the process ends by its own will. */
export async function endLife(disk: Disk): Promise<void> {
  await note(disk, 'stopped');
}

async function note(disk: Disk, life: 'running' | 'stopped'): Promise<void> {
  await writeDurably(disk, path, new TextEncoder().encode(JSON.stringify({ v: 1, life })));
}
