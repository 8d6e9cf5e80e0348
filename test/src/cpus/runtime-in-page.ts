import { fileURLToPath } from 'node:url';
import { openWebModule } from '../web/web-module.ts';
import type { Reply } from './plain.ts';
import { createRemoteRuntime } from './remote-runtime.ts';
import type { RuntimeElsewhere } from './runtime-on.ts';

/** Starts ONNX Runtime in a page of Chromium. */
export async function startRuntimeInPage(): Promise<RuntimeElsewhere> {
  const entry = fileURLToPath(new URL('../web/page/answer.ts', import.meta.url));
  const module = await openWebModule(entry, 'answer');
  const build = String(await module.page.evaluate('build'));
  const ask = async (request: object): Promise<Reply> =>
    (await module.page.evaluate(`answer(${JSON.stringify(request)})`)) as Reply;
  const name = 'chromium';
  return {
    ...{ name, deviceClass: 'web-wasm', runtime: createRemoteRuntime(ask, { name, build }) },
    [Symbol.asyncDispose]: () => module[Symbol.asyncDispose](),
  };
}
