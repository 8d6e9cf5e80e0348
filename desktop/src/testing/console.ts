import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { buildConsole } from '../build-console.ts';
import {
  chromiumPath,
  launchChromium,
  openPage,
  type PageOptions,
  type WatchedPage,
} from './browser.ts';
import { type FixtureHub, type FixtureHubOptions, startFixtureHub } from './fixture-hub.ts';

/** Why browser tests cannot run here; false where they can. */
export const noBrowser: string | false =
  chromiumPath() === undefined && 'There is no Chromium here.';

/** The built pages, a browser, and a fixture hub for each test that wants its own. */
export interface TestConsole extends AsyncDisposable {
  readonly browser: Browser;
  /** Folder of the built pages. */
  readonly pages: string;
  hub(options?: Omit<FixtureHubOptions, 'pages'>): Promise<FixtureHub>;
  /** A page that is signed in and shows this address of the console. */
  open(hub: FixtureHub, address: string, options?: PageOptions): Promise<WatchedPage>;
}

/** Builds the pages and starts Chromium. */
export async function startConsole(): Promise<TestConsole> {
  const pages = await mkdtemp(path.join(os.tmpdir(), 'console-'));
  await buildConsole(pages);
  const browser = await launchChromium();
  return {
    browser,
    pages,
    hub: (options = {}) => startFixtureHub({ pages, ...options }),
    async open(hub, address, options) {
      const watched = await openPage(browser, options);
      await watched.page.goto(hub.signInUrl);
      await watched.page.waitForURL(/#\/fleet/);
      await goTo(watched.page, address);
      return watched;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await rm(pages, { recursive: true });
    },
  };
}

/** Goes to an address of the console, as by a click on a link to it. */
export async function goTo(page: Page, address: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
  const loading = page.locator('[role=status][aria-label=Loading]');
  await eventually(
    () => loading.count(),
    (count) => count === 0,
  );
}

/** Keys of the rows of a table, from its top. */
export async function rowKeys(page: Page): Promise<readonly (string | null)[]> {
  return (await page.evaluate(
    `[...document.querySelectorAll('tbody tr[data-key]')].map((row) => row.dataset.key)`,
  )) as (string | null)[];
}

/** Waits until something about a page holds; fails with what it was last. */
export async function eventually<T>(
  read: () => Promise<T>,
  holds: (value: T) => boolean,
): Promise<T> {
  const endMs = performance.now() + 5_000;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (performance.now() > endMs) throw new Error(`It stayed ${JSON.stringify(value)}.`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}
