import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { FleetError, invariant, type OutboxClass } from '@edgewise/protocol';
import Database from 'better-sqlite3';
import { type DroppedRange, joinRanges, type Outbox } from '../link/outbox.ts';

interface SqliteOutboxOptions {
  readonly budgetBytes: number;
  /** Names the epoch of a new outbox. */
  readonly nowMs: () => number;
}

interface Row {
  readonly id: number;
  readonly class: OutboxClass;
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly size: number;
}

const schema = `
  CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT, class TEXT NOT NULL, sequence INTEGER NOT NULL,
    bytes BLOB NOT NULL, UNIQUE (class, sequence));
  CREATE TABLE IF NOT EXISTS dropped (
    class TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS number (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
`;

/**
 * An outbox in one SQLite file. `synchronous = FULL` with a write-ahead log: an append that returned
 * survives a power cut.
 */
export function openSqliteOutbox(file: string, options: SqliteOutboxOptions): Outbox {
  const db = open(file);
  const statements = prepare(db);
  let budgetBytes = options.budgetBytes;
  const epoch = once(statements, 'epoch', options.nowMs());
  let { messages, bytes } = statements.sum.get() as { messages: number; bytes: number };

  function keepBudget(): void {
    const ranges: DroppedRange[] = [];
    while (bytes > budgetBytes && messages > 0) {
      const row = statements.first.get() as Row;
      statements.remove.run(row.id);
      bytes -= row.size;
      messages--;
      ranges.push({ class: row.class, first: row.sequence, last: row.sequence });
    }
    for (const range of joinRanges(ranges)) statements.drop.run(range);
    if (ranges.length > 0) statements.add.run('dropped', ranges.length);
  }

  const append: Outbox['append'] = (kind, encode) => {
    const sequence = (numberOf(statements, kind) ?? 0) + 1;
    const entry = encode({ epoch, sequence });
    statements.insert.run(kind, sequence, entry);
    statements.add.run(kind, 1);
    bytes += entry.length;
    messages++;
    keepBudget();
    return sequence;
  };

  const commit: Outbox['commit'] = (kind, watermark) => {
    let from = 0;
    const gaps = watermark.gaps.toSorted(([a], [b]) => a - b);
    for (const [first, last] of [...gaps, [watermark.sequence + 1, 0] as const]) {
      statements.removeRange.run(kind, from, Math.min(first - 1, watermark.sequence));
      from = last + 1;
    }
    count();
  };

  function count(): void {
    ({ messages, bytes } = statements.sum.get() as { messages: number; bytes: number });
  }

  /** Runs one transaction; when it fails, the sums in memory follow what is really written. */
  function atomically<T>(work: () => T): T {
    try {
      return translated(() => db.transaction(work)());
    } catch (thrown) {
      count();
      throw thrown;
    }
  }

  function reportDropped(encode: Parameters<Outbox['reportDropped']>[0]): void {
    const ranges = joinRanges(statements.droppedRanges.all() as DroppedRange[]);
    if (ranges.length === 0) return;
    statements.forgetDropped.run();
    for (const range of ranges) append('event', (at) => encode(range, at));
  }

  return {
    epoch,
    append: (kind, encode) => atomically(() => append(kind, encode)),
    oldest: (limit) => {
      const rows = statements.oldest.all(limit) as Row[];
      return rows.map((row) => ({
        class: row.class,
        sequence: row.sequence,
        bytes: new Uint8Array(row.bytes),
      }));
    },
    commit(kind, watermark) {
      if (watermark.epoch === epoch) atomically(() => commit(kind, watermark));
    },
    limit(bytesAllowed) {
      budgetBytes = bytesAllowed;
      atomically(keepBudget);
    },
    reportDropped: (encode) => atomically(() => reportDropped(encode)),
    stats: () => ({ messages, bytes, dropped: numberOf(statements, 'dropped') ?? 0 }),
    [Symbol.dispose]: () => db.close(),
  };
}

function open(file: string): Database.Database {
  mkdirSync(path.dirname(file), { recursive: true });
  return translated(() => {
    const db = new Database(file, { timeout: 250 });
    // One process per device folder: the lock ends with the process, however that ends.
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec(schema);
    return db;
  });
}

function prepare(db: Database.Database) {
  return {
    insert: db.prepare('INSERT INTO entry (class, sequence, bytes) VALUES (?, ?, ?)'),
    oldest: db.prepare('SELECT class, sequence, bytes FROM entry ORDER BY id LIMIT ?'),
    first: db.prepare(
      'SELECT id, class, sequence, length(bytes) AS size FROM entry ORDER BY id LIMIT 1',
    ),
    remove: db.prepare('DELETE FROM entry WHERE id = ?'),
    removeRange: db.prepare('DELETE FROM entry WHERE class = ? AND sequence BETWEEN ? AND ?'),
    sum: db.prepare('SELECT count(*) AS messages, total(length(bytes)) AS bytes FROM entry'),
    drop: db.prepare('INSERT INTO dropped (class, first, last) VALUES (@class, @first, @last)'),
    droppedRanges: db.prepare('SELECT class, first, last FROM dropped'),
    forgetDropped: db.prepare('DELETE FROM dropped'),
    number: db.prepare('SELECT value FROM number WHERE name = ?').pluck(),
    add: db.prepare(
      `INSERT INTO number (name, value) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET value = value + excluded.value`,
    ),
  };
}

type Statements = ReturnType<typeof prepare>;

function numberOf(statements: Statements, name: string): number | undefined {
  return statements.number.get(name) as number | undefined;
}

/** The number that was written first under a name. */
function once(statements: Statements, name: string, value: number): number {
  if (numberOf(statements, name) === undefined) statements.add.run(name, value);
  const written = numberOf(statements, name);
  invariant(written !== undefined, `The outbox has no ${name}.`);
  return written;
}

function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    const known = sqliteCodes.find(([prefix]) => code.startsWith(prefix));
    if (known === undefined) throw FleetError.from(thrown);
    throw new FleetError(known[1], known[2], { cause: thrown });
  }
}

const sqliteCodes = [
  ['SQLITE_FULL', 'disk-full', 'The outbox has no room on the disk.'],
  ['SQLITE_BUSY', 'conflict', 'Another agent runs in this folder; stop it first.'],
] as const;
