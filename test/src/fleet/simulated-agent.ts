import { createMemoryDisk, createMemoryOutbox } from '@edgewise/agent/parts';
import { mebibytes, seconds } from '@edgewise/protocol';
import { type AgentHere, type AgentHereStart, startAgentHere } from './agent-here.ts';
import { simulatedClass, simulatedRuntime } from './simulated-bundle.ts';

/** A trial that ends soon, since nobody asks a simulated agent anything. */
const tuning = { trial: { inputs: 20, spanMs: seconds(1), failures: 3 } };

/** Starts an agent without hardware: real core and connection, simulated engine and disk. */
export function startSimulatedAgent(
  start: Pick<AgentHereStart, 'device' | 'token' | 'folder' | 'through'>,
): Promise<AgentHere> {
  return startAgentHere({
    ...start,
    tuning,
    deviceClass: simulatedClass,
    runtime: simulatedRuntime(),
    disk: createMemoryDisk(),
    outbox: createMemoryOutbox({ epoch: 1, budgetBytes: mebibytes(1) }),
  });
}
