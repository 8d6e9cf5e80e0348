export { describeDisk } from './describe-disk.ts';
export { describeLink, type LinkPair } from './describe-link.ts';
export { describeOutbox, type OutboxCreateOptions } from './describe-outbox.ts';
export { eventually } from './eventually.ts';
export { createManualClock, type ManualClock } from './manual-clock.ts';
export { createMemoryBroker, type MemoryBroker, type MemoryLink } from './memory-broker.ts';
export { createSimClock } from './sim-clock.ts';
