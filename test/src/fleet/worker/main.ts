/** A process that holds a share of the simulated fleet. It ends with the simulation. */

import type { AgentHere } from '../agent-here.ts';
import type { FromWorker, ToWorker } from '../messages.ts';
import { countPublishes, type PublishCounter } from '../publish-counter.ts';
import { startSimulatedAgent } from '../simulated-agent.ts';

/** Enrolments under way at once. */
const width = 8;
const tellEveryMs = 200;

const agents: AgentHere[] = [];
let counter: PublishCounter | undefined;

const send = (message: FromWorker): void => {
  process.send?.(message);
};

async function start({
  tokens,
  folder,
  observer,
}: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
  const waiting = [...tokens];
  const enrolSome = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [device, token] = next;
      const through = device === observer ? { through: watched } : {};
      agents.push(await startSimulatedAgent({ device, token, folder, ...through }));
    }
  };
  await Promise.all(Array.from({ length: width }, enrolSome));
  send({ kind: 'ready' });
  setInterval(tell, tellEveryMs);
}

function watched(link: Parameters<typeof countPublishes>[0]): typeof link {
  counter = countPublishes(link);
  return counter.link;
}

function tell(): void {
  const versions: Record<number, number> = {};
  for (const { agent } of agents) {
    const { active } = agent.state.slots;
    if (active?.status !== 'serving') continue;
    versions[active.bundle.version] = (versions[active.bundle.version] ?? 0) + 1;
  }
  send({ kind: 'serving', versions });
  if (counter !== undefined) send({ kind: 'publishes', counts: counter.counts });
}

async function stop(): Promise<void> {
  await Promise.allSettled(agents.map((agent) => agent[Symbol.asyncDispose]()));
  process.exit();
}

process.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') void stop();
  else
    start(message).catch((thrown: unknown) =>
      send({ kind: 'failed', detail: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
});
process.on('disconnect', () => process.exit());
