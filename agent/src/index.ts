export { createAgent } from './agent.ts';
export type { Agent, AgentEnd, AgentParts, AgentTuning } from './agent-parts.ts';
