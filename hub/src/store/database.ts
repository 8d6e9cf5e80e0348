import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './schema.ts';

/** The relational store. Close it with `destroy`. */
export type Database = Kysely<Tables>;

/** Whatever can run a query: the store, or a transaction on it. */
export type Queries = Database | Transaction<Tables>;
