/** `npm start -- --once` as a process, and the console in a real Chromium while it runs. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import {
  goTo,
  launchChromium,
  noBrowser,
  openPage,
  type WatchedPage,
} from '@edgewise/desktop/testing';
import type { Browser } from 'playwright-core';
import { type Program, startProgram } from '../demo/processes.ts';
import type { LoopReport } from '../demo/report.ts';
import { root } from '../house/checkout.ts';
import { until } from './until.ts';

const cleanup = new AsyncDisposableStack();
let loop: Program;

before(() => {
  loop = cleanup.use(startProgram(path.join(root, 'test/src/demo/main.ts'), ['--once']));
});

after(() => cleanup.disposeAsync());

test('every screen shows the running loop without a single complaint', {
  skip: noBrowser,
}, async () => {
  const link = await said(/open (http\S+)/, 60_000);
  const browser = await launchChromium();
  cleanup.defer(() => browser.close());
  const watched = await signedIn(browser, link);

  await said(/all three serve (digits 1)/, 180_000);
  await shows(watched, '/fleet', ['camera-1', 'camera-2', 'camera-3', 'digits']);
  await shows(watched, '/models', ['digits']);

  await said(/(alarm after \d+ windows)/, 180_000);
  for (const [address, texts] of [
    ['/drift', ['camera-1', 'digits']],
    ['/label', []],
    ['/devices/camera-1', ['camera-1', 'digits']],
    ['/models', ['digits']],
    ['/fleet', ['camera-3']],
  ] as const) {
    await shows(watched, address, texts);
  }
  assert.deepEqual(watched.complaints, []);

  await watched.page.setViewportSize({ width: 390, height: 844 });
  await watched.page.emulateMedia({ colorScheme: 'dark' });
  for (const address of ['/fleet', '/drift', '/devices/camera-2', '/models', '/label'])
    await shows(watched, address, []);
  assert.deepEqual(watched.complaints, []);
});

test('the loop does what it claims, and its last line is its report', async () => {
  const code = await loop.ended;
  const report = JSON.parse(loop.lines.at(-1) ?? '{}') as LoopReport;
  assert.equal(code, 0, loop.log.slice(-40).join('\n'));
  assert.deepEqual(Object.keys(report), [
    'fp32Accuracy',
    'int8Accuracy',
    'fp32Bytes',
    'int8Bytes',
    'bundleBytes',
    'trainImagesPerSecond',
    'cleanWindows',
    'falseAlarms',
    'windowsToAlarm',
    'labelsUsed',
    'driftedAccuracyBefore',
    'driftedAccuracyAfter',
    'cleanAccuracyAfter',
    'brokenBundleServed',
    'unexplainedLosses',
    'versions',
    'peakRssBytes',
    'secondsToFirstServed',
    'seconds',
  ]);
  assert.ok(report.fp32Accuracy >= 0.985);
  assert.ok(report.fp32Accuracy - report.int8Accuracy <= 0.003);
  assert.ok(report.int8Bytes <= 0.28 * report.fp32Bytes);
  assert.ok(report.bundleBytes <= 0.35 * report.fp32Bytes);
  assert.ok(report.cleanWindows >= 60);
  assert.equal(report.falseAlarms, 0);
  assert.ok(report.windowsToAlarm <= 10);
  assert.ok(report.labelsUsed > 0 && report.labelsUsed <= 1000);
  assert.ok(report.driftedAccuracyAfter > report.driftedAccuracyBefore);
  assert.equal(report.brokenBundleServed, 0);
  assert.equal(report.unexplainedLosses, 0);
  assert.deepEqual(report.versions, [1, 2]);
});

/** Waits until the loop says something, and gives what stands in the parentheses. */
async function said(pattern: RegExp, timeoutMs: number): Promise<string> {
  let isOver = false;
  void loop.ended.then(() => {
    isOver = true;
  });
  return await until(
    () => {
      const found = loop.log.map((line) => pattern.exec(line)?.[1]).find(Boolean);
      assert.ok(found !== undefined || !isOver, loop.log.slice(-20).join('\n'));
      return found;
    },
    { what: String(pattern), timeoutMs, everyMs: 100 },
  );
}

async function signedIn(browser: Browser, link: string): Promise<WatchedPage> {
  const watched = await openPage(browser);
  // The pages share two cores with a training.
  watched.context.setDefaultTimeout(30_000);
  await watched.page.goto(link);
  await watched.page.waitForURL(/#\/fleet/);
  return watched;
}

async function shows(
  { page }: WatchedPage,
  address: string,
  texts: readonly string[],
): Promise<void> {
  await goTo(page, address);
  for (const text of texts)
    await page.getByText(text, { exact: false }).filter({ visible: true }).first().waitFor();
}
