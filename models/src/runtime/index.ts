export { assertFeeds, assertNotAborted, wantedOutputs } from './check-feeds.ts';
export { namedRuntime } from './named-runtime.ts';
export type { Feeds, LoadOptions, RunOptions, Runtime, Session, SessionValue } from './runtime.ts';
