/**
 * ONNX Runtime on the processor that this process is started on, for whoever speaks to its standard
 * input: one request a line, one reply a line. The first line says where it runs.
 */
import { createInterface } from 'node:readline';
import type { Session } from '@edgewise/models/runtime';
import { createOnnxRuntime, detectDeviceClass } from '@edgewise/models/runtime-onnx';
import { FleetError } from '@edgewise/protocol';
import { feedsOf, plainOf, type Reply, type Request } from './plain.ts';

const runtime = createOnnxRuntime();
const sessions = new Map<number, Session>();

async function answer(request: Request): Promise<Extract<Reply, { ok: true }>['value']> {
  if (request.ask === 'load') {
    const { optimise = 'all' } = request;
    const loaded = await runtime.load(Buffer.from(request.graph, 'base64'), { optimise });
    const session = sessions.size;
    sessions.set(session, loaded);
    return { session, inputs: loaded.inputs, outputs: loaded.outputs };
  }
  const session = sessions.get(request.session);
  if (request.ask === 'release') {
    await session?.[Symbol.asyncDispose]();
    return null;
  }
  const { outputs } = request;
  const feeds = feedsOf(request.feeds);
  return plainOf((await session?.run(feeds, outputs === undefined ? {} : { outputs })) ?? {});
}

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

say({ deviceClass: detectDeviceClass(), build: runtime.build });
for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line) as Request).then(
    (value): Reply => ({ ok: true, value }),
    (thrown: unknown): Reply => {
      const { code, reason } = FleetError.from(thrown);
      return { ok: false, code, reason };
    },
  );
  say(reply);
}
