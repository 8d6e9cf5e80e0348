import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildPage, launchChromium, openPage, type WatchedPage } from '@edgewise/desktop/testing';
import { serveFiles } from './serve-files.ts';

/** A module of ours that Chromium has loaded in a page of its own. */
export interface WebModule extends AsyncDisposable {
  /** What is written here can be fetched by the page. */
  readonly folder: string;
  /** Address of the folder. */
  readonly url: string;
  readonly page: WatchedPage['page'];
  /** What the page complained about, without files it asked for in vain. */
  complaints(): readonly string[];
}

/** Builds a module and opens it, once it has set the global function that it is there for. */
export async function openWebModule(entry: string, global: string): Promise<WebModule> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-web-'));
  cleanup.defer(() => rm(folder, { recursive: true }));
  await buildPage(entry, folder);
  const html = '<!doctype html><title>module</title><script type="module" src="page.js"></script>';
  await writeFile(path.join(folder, 'index.html'), html);
  const { url } = cleanup.use(await serveFiles(folder));
  const chromium = await launchChromium();
  cleanup.defer(() => chromium.close());
  const { page, complaints } = await openPage(chromium);
  await page.goto(`${url}/index.html`);
  await page.waitForFunction(`typeof ${global} === "function"`);
  const keep = cleanup.move();
  return {
    ...{ folder, url, page },
    complaints: () => complaints.filter((line) => !/favicon|404/.test(line)),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}
