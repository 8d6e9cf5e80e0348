import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, noBrowser, startConsole, type TestConsole } from '../../../testing/console.ts';

const skip = noBrowser;
let console: TestConsole;
before(async () => {
  if (!skip) console = await startConsole();
});
after(async () => console?.[Symbol.asyncDispose]());

test('charts are drawn on one time axis, and the legend says the newest values', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/devices/hall-2');
  await eventually(
    () => page.locator('.u-over').count(),
    (count) => count === 3,
  );
  const inked = await page.locator('canvas').evaluateAll((all) =>
    all.map((each) => {
      const canvas = each as unknown as {
        width: number;
        height: number;
        getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
      };
      return canvas
        .getContext('2d')
        .getImageData(0, 0, canvas.width, canvas.height)
        .data.some((value) => value > 0);
    }),
  );
  assert.deepEqual(inked, [true, true, true]);
  assert.match(
    (await page.getByRole('figure', { name: 'Latency' }).textContent()) ?? '',
    /p99.*ms.*p95.*ms.*p50.*ms/,
  );
  assert.equal(await page.getByText('alarm alarm-7 at').count(), 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('how many windows are shown is in the address', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/devices/hall-2');
  await page.getByRole('button', { name: '60 windows' }).click();
  await page.waitForURL(/windows=60/);
  await eventually(
    () => Promise.resolve(hub.requests),
    (requests) => requests.includes('GET /api/v1/devices/hall-2/windows?limit=60'),
  );
  await context.close();
});

test('slots come with their certificates, and the chain says whether it holds', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/devices/hall-2');
  const slots = page.getByRole('region', { name: 'Slots' });
  await slots.getByText('24 golden vectors').first().waitFor();
  await slots.getByText('Not proved on this device yet').waitFor();
  await page.getByText('chain holds').waitFor();
  await context.close();
});

test('features stand with the most changed first, reference above current', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/devices/hall-2');
  const names = page
    .getByRole('region', { name: 'Last 20 windows against the reference' })
    .locator('h3');
  await names.first().waitFor();
  assert.deepEqual((await names.allTextContents()).slice(0, 3), [
    'contrast',
    'slant',
    'brightness',
  ]);
  assert.equal(
    await page.getByRole('img', { name: 'contrast: reference above, current below' }).count(),
    1,
  );
  await context.close();
});

test('an event appears as it happens', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/devices/hall-2');
  await page.getByText('Agent 0.1.0 started').waitFor();
  hub.publish({
    kind: 'device-event',
    device: 'hall-2',
    event: {
      v: 1,
      epoch: 1,
      sequence: 99,
      atMs: Date.now(),
      body: { kind: 'error', code: 'disk-full', detail: 'No room for the candidate.' },
    },
  });
  await page.getByText('No room for the candidate.').waitFor();
  await context.close();
});

test('a silent device says since when, and takes no commands', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/devices/attic-6');
  await page.getByText(/It is offline; what is shown is from before/).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Ping' }).isDisabled(), true);
  await page.getByText('parity-failed').first().waitFor();
  await context.close();
});

test('a command shows the reply, and a restart is asked about first', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/devices/hall-2');
  await page.getByRole('button', { name: 'Logs' }).click();
  await page.getByText('window 1000 closed: 100 inputs').waitFor();
  await page.keyboard.press('Escape');
  const asked = () =>
    hub.requests.filter((each) => each === 'POST /api/v1/devices/hall-2/commands').length;
  await page.getByRole('button', { name: 'Restart' }).click();
  await page.getByText('nothing is lost').waitFor();
  assert.equal(asked(), 1);
  await page.getByRole('dialog').getByRole('button', { name: 'Restart' }).click();
  await page.getByText('Done.').waitFor();
  assert.equal(asked(), 2);
  await context.close();
});

test('a device that does not exist is an error with its code', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/devices/nobody');
  await page.getByText('There is no nobody.').waitFor();
  await context.close();
});
