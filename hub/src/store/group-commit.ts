import { setImmediate as nextTurn } from 'node:timers/promises';
import { FleetError } from '@edgewise/protocol';
import type { Transaction } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './schema.ts';
import { storeError } from './store-error.ts';

/** Work inside a shared transaction. It may run twice: when a neighbour fails, it runs again alone. */
export type Work<T> = (tx: Transaction<Tables>) => Promise<T>;

/** Many writers, one fsync. */
export interface GroupCommit extends AsyncDisposable {
  /**
   * Resolves once the commit is durable. Works run in the order of their calls. Rejects when this
   * work failed (its neighbours are not harmed), and with `disk-full` when nothing can be written.
   */
  write<T>(work: Work<T>): Promise<T>;
}

interface GroupCommitOptions {
  /** Longest wait for company, milliseconds. */
  readonly everyMs?: number;
  /** Works of one transaction; more start at once. */
  readonly most?: number;
}

/** Longest stretch of work before others have their turn, milliseconds. */
const mostTurnMs = 4;

interface Waiting {
  readonly work: Work<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (thrown: unknown) => void;
}

/** Gathers writes for up to `everyMs` (20 by default) and commits them together. */
export function createGroupCommit(
  db: Database,
  { everyMs = 20, most = 2048 }: GroupCommitOptions = {},
): GroupCommit {
  let waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const group = waiting;
    waiting = [];
    if (group.length > 0) running = running.then(() => commit(db, group));
    return running;
  }

  return {
    write(work) {
      if (closed) return Promise.reject(new FleetError('unavailable', 'The store is closing.'));
      return new Promise((resolve, reject) => {
        waiting.push({ work, resolve, reject });
        if (waiting.length >= most) void flush();
        else timer ??= setTimeout(flush, everyMs);
      });
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await flush();
    },
  };
}

async function commit(db: Database, group: readonly Waiting[]): Promise<void> {
  try {
    const results = await db.transaction().execute(async (tx) => {
      const values: unknown[] = [];
      let turnMs = performance.now();
      for (const { work } of group) {
        values.push(await work(tx));
        // The driver is synchronous: without a pause a large group would hold the event loop.
        if (performance.now() - turnMs > mostTurnMs) {
          await nextTurn();
          turnMs = performance.now();
        }
      }
      return values;
    });
    for (const [index, { resolve }] of group.entries()) resolve(results[index] as never);
  } catch (thrown) {
    if (group.length === 1) group[0]?.reject(storeError(thrown));
    else for (const one of group) await commit(db, [one]);
  }
}
