import { FleetError } from '@edgewise/protocol';
import BetterSqlite3 from 'better-sqlite3';
import { type Dialect, Kysely, SqliteDialect } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Database } from './database.ts';
import { migrations } from './migrations.ts';
import type { Tables } from './schema.ts';

/**
 * Opens the store in `file` (`:memory:` for none) and brings its schema up to date. What a
 * transaction has committed survives a power cut: this build of SQLite would else fsync a
 * write-ahead log only at checkpoints (sqlite.org/pragma.html#pragma_synchronous).
 */
export async function openDatabase(file: string): Promise<Database> {
  const sqlite = openFile(file);
  sqlite.pragma('journal_mode = WAL');
  sqlite.pragma('synchronous = FULL');
  sqlite.pragma('foreign_keys = ON');
  sqlite.pragma('busy_timeout = 5000');
  const db = new Kysely<Tables>({ dialect: dialectOf(sqlite) });
  try {
    await migrate(db);
  } catch (thrown) {
    await db.destroy();
    throw thrown;
  }
  return db;
}

function openFile(file: string): BetterSqlite3.Database {
  try {
    return new BetterSqlite3(file);
  } catch (cause) {
    throw new FleetError('unavailable', `The database ${file} cannot be opened.`, { cause });
  }
}

/**
 * A full disk ends a transaction by itself (sqlite.org/lang_transaction.html, 3.1): a rollback after
 * it would fail, and hide that the disk is full.
 */
function dialectOf(sqlite: BetterSqlite3.Database): Dialect {
  const base = new SqliteDialect({ database: sqlite });
  return {
    createAdapter: () => base.createAdapter(),
    createIntrospector: (db) => base.createIntrospector(db),
    createQueryCompiler: () => base.createQueryCompiler(),
    createDriver() {
      const driver = base.createDriver();
      const rollBack = driver.rollbackTransaction.bind(driver);
      driver.rollbackTransaction = async (connection) => {
        if (sqlite.inTransaction) await rollBack(connection);
      };
      return driver;
    },
  };
}

async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(byName()) },
    // Areas grow side by side, so a new step may sort before one that was applied already.
    allowUnorderedMigrations: true,
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    throw new FleetError('internal', 'The database could not be brought up to date.', {
      cause: error,
    });
  }
}

function byName(): Record<string, Migration> {
  return Object.fromEntries(migrations.map(({ name, up }) => [name, { up }]));
}
