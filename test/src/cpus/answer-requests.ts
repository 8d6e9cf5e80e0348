import type { Runtime, Session } from '@edgewise/models/runtime';
import { FleetError } from '@edgewise/protocol';
import { bytesOf, feedsOf, plainOf, type Reply, type Request } from './plain.ts';

/** Answers the requests of a remote runtime with a runtime that is here. */
export function answerRequests(runtime: Runtime): (request: Request) => Promise<Reply> {
  const sessions: Session[] = [];

  async function answer(request: Request): Promise<Extract<Reply, { ok: true }>['value']> {
    if (request.ask === 'load') {
      const { optimise = 'all' } = request;
      const loaded = await runtime.load(bytesOf(request.graph), { optimise });
      const { inputs, outputs } = loaded;
      return { session: sessions.push(loaded) - 1, inputs, outputs };
    }
    const session = sessions[request.session];
    if (request.ask === 'release') {
      await session?.[Symbol.asyncDispose]();
      return null;
    }
    const { outputs } = request;
    const feeds = feedsOf(request.feeds);
    return plainOf((await session?.run(feeds, outputs === undefined ? {} : { outputs })) ?? {});
  }

  return async (request) => {
    try {
      return { ok: true, value: await answer(request) };
    } catch (thrown) {
      const { code, reason } = FleetError.from(thrown);
      return { ok: false, code, reason };
    }
  };
}
