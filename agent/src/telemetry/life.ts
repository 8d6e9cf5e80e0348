import type { EventBody } from '@edgewise/protocol';
import { type Disk, writeDurably } from '../slots/disk.ts';

type PreviousExit = Extract<EventBody, { kind: 'started' }>['previousExit'];

const path = 'life.json';

/** Notes that a process lives, and tells how the one before it ended. */
export async function beginLife(disk: Disk): Promise<PreviousExit> {
  const bytes = await disk.read(path);
  await note(disk, 'running');
  if (bytes === undefined) return 'first';
  return new TextDecoder().decode(bytes).includes('"stopped"') ? 'clean' : 'crash';
}

/** Notes that the process ends by its own will. */
export async function endLife(disk: Disk): Promise<void> {
  await note(disk, 'stopped');
}

async function note(disk: Disk, life: 'running' | 'stopped'): Promise<void> {
  await writeDurably(disk, path, new TextEncoder().encode(JSON.stringify({ v: 1, life })));
}
