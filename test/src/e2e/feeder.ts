import { setTimeout as sleep } from 'node:timers/promises';
import { readings } from './pumps.ts';
import type { StagedAgent } from './stage.ts';

/** Keeps an agent busy, whatever happens to it. */
export interface Feeder extends AsyncDisposable {
  /** Model versions that answered so far. */
  readonly versions: ReadonlySet<number>;
}

const everyMs = 50;

/** Posts one reading after the other; while the agent is away, nothing is answered and nothing said. */
export function feed(agent: StagedAgent): Feeder {
  const versions = new Set<number>();
  const list = readings(400, 7);
  let ended = false;

  async function run(): Promise<void> {
    for (let index = 0; !ended; index++) {
      const { values } = list[index % list.length] ?? { values: [0, 0, 0] };
      const answers = await agent.predict([values]).catch(() => []);
      for (const { version } of answers) versions.add(version);
      await sleep(everyMs);
    }
  }

  const running = run();
  return {
    versions,
    async [Symbol.asyncDispose]() {
      ended = true;
      await running;
    },
  };
}
