export { createAgent } from './agent.ts';
export type { Agent, AgentParts, AgentTuning } from './agent-parts.ts';
