export type { Feeds, LoadOptions, RunOptions, Runtime, Session, SessionValue } from './runtime.ts';
