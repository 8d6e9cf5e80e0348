export { assertFeeds, assertNotAborted, wantedOutputs } from './check-feeds.ts';
export type { Feeds, LoadOptions, RunOptions, Runtime, Session, SessionValue } from './runtime.ts';
