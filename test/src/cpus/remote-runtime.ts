import { toBase64 } from '@edgewise/models/bundle';
import type { LoadOptions, Runtime, Session } from '@edgewise/models/runtime';
import { FleetError } from '@edgewise/protocol';
import {
  feedsOf,
  type Loaded,
  type PlainFeeds,
  plainOf,
  type Reply,
  type Request,
} from './plain.ts';

/** Carries one request to a runtime elsewhere and its reply back. */
export type Ask = (request: Request) => Promise<Reply>;

/** A runtime that computes elsewhere: in another process, or in a page. */
export function createRemoteRuntime(
  ask: Ask,
  { name, build }: { readonly name: string; readonly build: string },
): Runtime {
  const value = async (request: Request) => {
    const reply = await ask(request);
    if (!reply.ok) throw new FleetError(reply.code, reply.reason);
    return reply.value;
  };
  return {
    name,
    build,
    async load(model, { optimise = 'all' }: LoadOptions = {}): Promise<Session> {
      const graph = toBase64(model);
      const { session, inputs, outputs } = (await value({
        ask: 'load',
        graph,
        optimise,
      })) as Loaded;
      return {
        inputs,
        outputs,
        async run(feeds, options = {}) {
          const wanted = options.outputs === undefined ? {} : { outputs: options.outputs };
          const results = await value({ ask: 'run', session, feeds: plainOf(feeds), ...wanted });
          return feedsOf(results as PlainFeeds);
        },
        async [Symbol.asyncDispose]() {
          await value({ ask: 'release', session });
        },
      };
    },
  };
}
