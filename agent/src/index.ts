export { createAgent } from './agent.ts';
export type { Agent, AgentEnd, AgentParts, AgentTuning } from './agent-parts.ts';
export type { Clock } from './core/clock.ts';
export { type Log, silentLog } from './core/log.ts';
export type { Trust } from './core/trust.ts';
