import { randomUUID } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

const making = new Map<string, Promise<string>>();

/**
 * A folder that is filled once and then kept. `fill` gets a folder beside it, which takes its name
 * when complete, so nobody ever sees half of it; callers in other processes may fill at the same
 * time, and the first to finish wins. Rejects with what `fill` rejects with, and leaves nothing then.
 */
export function madeOnce(target: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const known = making.get(target);
  if (known !== undefined) return known;
  const made = make(target, fill).finally(() => making.delete(target));
  making.set(target, made);
  return made;
}

async function make(target: string, fill: (folder: string) => Promise<void>): Promise<string> {
  if (await exists(target)) return target;
  const draft = path.join(path.dirname(target), `.${path.basename(target)}-${randomUUID()}`);
  await mkdir(draft, { recursive: true });
  try {
    await fill(draft);
    await rename(draft, target).catch(async (cause: unknown) => {
      if (!(await exists(target))) throw cause;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return target;
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
