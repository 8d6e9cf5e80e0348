import type { Kysely } from 'kysely';

/** One step of the schema's history. Steps are applied in the order of their names and never changed. */
export interface SchemaMigration {
  /** `NNNN-area`, for example `0001-fleet`; unique for good. */
  readonly name: string;
  /** Runs in a transaction. `unknown`, because a later schema may no longer know these tables. */
  up(db: Kysely<unknown>): Promise<void>;
}
