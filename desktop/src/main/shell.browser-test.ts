import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { test } from 'node:test';
import { buildShell, desktopFolder } from '../build-shell.ts';
import { launchChromium, openPage } from '../testing/browser.ts';
import { eventually, noBrowser } from '../testing/console.ts';
import { startFixtureHub } from '../testing/fixture-hub.ts';
import { createPages, pagesOrigin } from './pages.ts';

/** Everything a built script imports or requires. */
async function importsOf(file: string): Promise<readonly string[]> {
  const code = await readFile(file, 'utf8');
  const found = code.matchAll(/(?:^import\s[^'"]*|from\s*|require\()["']([^"']+)["']/gm);
  return [...new Set([...found].map((match) => match[1] ?? ''))];
}

test('all three targets are built without Electron’s program, and load nothing that is not theirs', {
  skip: noBrowser,
}, async () => {
  const main = await buildShell();
  const out = path.join(desktopFolder, 'out');
  assert.ok(
    (await importsOf(main)).every((name) => name === 'electron' || name.startsWith('node:')),
  );
  assert.deepEqual(await importsOf(path.join(out, 'preload', 'main.cjs')), ['electron']);

  // The shell's own protocol handler answers the pages here, as it does in Electron.
  await using hub = await startFixtureHub({ pages: path.join(out, 'renderer') });
  const pages = createPages({
    folder: path.join(out, 'renderer'),
    hub: () => hub.url,
    readFile,
    fetch: (request) => fetch(request),
  });
  const server = createServer(async (request, response) => {
    const answer = await pages(
      new Request(`${pagesOrigin}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { authorization: request.headers.authorization ?? '' },
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body === null) return response.end();
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), response).catch(
      () => undefined,
    );
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchChromium();
  try {
    const { page, complaints } = await openPage(browser);
    await page.goto(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/#/signin?code=0123456789`,
    );
    await page.locator('tr[data-key="hall-2"]').waitFor();
    await eventually(
      () => page.locator('[data-live]').getAttribute('data-live'),
      (state) => state === 'open',
    );
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
});
