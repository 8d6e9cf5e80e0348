import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { launchChromium } from '@edgewise/desktop/testing';
import type { Reply } from './plain.ts';
import { createRemoteRuntime } from './remote-runtime.ts';
import type { RuntimeElsewhere } from './runtime-on.ts';

const engine = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
const { dirname: here } = import.meta;

/** Every file of the page, with its type. */
const files: Readonly<Record<string, readonly [folder: string, type: string]>> = {
  'page.mjs': [here, 'text/javascript'],
  'ort.wasm.bundle.min.mjs': [engine, 'text/javascript'],
  'ort-wasm-simd-threaded.wasm': [engine, 'application/wasm'],
};

/** Starts ONNX Runtime for the web, on one thread, in a page of a headless Chromium. */
export async function startRuntimeInBrowser(): Promise<RuntimeElsewhere> {
  await using cleanup = new AsyncDisposableStack();
  const server = await serve();
  cleanup.defer(() => close(server));
  const browser = await launchChromium();
  cleanup.defer(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction('globalThis.answer !== undefined');
  const name = 'chromium';
  const ask = (request: object) =>
    page.evaluate<Reply>(`globalThis.answer(${JSON.stringify(request)})`);
  const build = `onnxruntime-web Chromium ${browser.version()}`;
  const keep = cleanup.move();
  return {
    name,
    runtime: createRemoteRuntime(ask, { name, build }),
    deviceClass: 'web-wasm',
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

async function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    const [folder, type] = files[name] ?? [];
    if (folder === undefined) {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><script type="module" src="/page.mjs"></script>');
      return;
    }
    response.setHeader('content-type', type ?? '');
    void readFile(path.join(folder, name)).then((bytes) => response.end(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
