import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { FleetError } from '@edgewise/protocol';
import BetterSqlite3 from 'better-sqlite3';

/**
 * Makes a folder and claims it for this process until disposed; the claim also ends with the
 * process, however that ends. Throws `conflict` while another one holds it, `invalid-argument` or
 * `forbidden` where no folder can be.
 */
export async function claimFolder(folder: string): Promise<Disposable> {
  await makeFolder(folder);
  // An SQLite file is locked by the operating system, so no stale lock survives a crash.
  const lock = openLock(path.join(folder, 'lock.db'), folder);
  return { [Symbol.dispose]: () => lock.close() };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR') {
      throw new FleetError('invalid-argument', `${folder} is no folder; choose another --folder.`, {
        cause,
      });
    }
    throw notWritable(folder, cause);
  }
}

function openLock(file: string, folder: string): BetterSqlite3.Database {
  let lock: BetterSqlite3.Database | undefined;
  try {
    lock = new BetterSqlite3(file, { timeout: 0 });
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if ((cause as { code?: unknown }).code === 'SQLITE_BUSY') {
      throw new FleetError(
        'conflict',
        `Another hub works in ${folder}; end it first, or choose another --folder.`,
        { cause },
      );
    }
    throw notWritable(folder, cause);
  }
}

function notWritable(folder: string, cause: unknown): FleetError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FleetError(
    'forbidden',
    `${folder} cannot be written to (${why}); choose another --folder.`,
    { cause },
  );
}
