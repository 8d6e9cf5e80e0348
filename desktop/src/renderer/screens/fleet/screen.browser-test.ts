import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FleetError } from '@edgewise/protocol/errors';
import {
  eventually,
  noBrowser,
  rowKeys,
  startConsole,
  type TestConsole,
} from '../../../testing/console.ts';

const skip = noBrowser;
let console: TestConsole;
before(async () => {
  if (!skip) console = await startConsole();
});
after(async () => console?.[Symbol.asyncDispose]());

test('devices stand with the most urgent first, each with its state in words', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/fleet');
  const rows = page.locator('tbody tr[data-key]');
  await rows.first().waitFor();
  const keys = await rowKeys(page);
  assert.deepEqual(keys, ['hall-2', 'hall-3', 'lab-5', 'attic-6', 'gate-1', 'kitchen-4']);
  assert.match((await rows.first().textContent()) ?? '', /act.*hall-2.*digits 2.*19\.8.*alarm/);
  assert.match(
    (await page.locator('tr[data-key="attic-6"]').textContent()) ?? '',
    /unknown.*offline/,
  );
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a device and its strip change as events come, without a reload', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/fleet');
  const row = page.locator('tr[data-key="kitchen-4"]');
  await row.getByText('watching', { exact: true }).waitFor();
  const before = await row.locator('svg[role=img]').getAttribute('aria-label');
  assert.equal(before, '60 windows, none in alarm');
  const event = hub.fleet.nextWindow('kitchen-4');
  assert.equal(event.kind, 'window');
  if (event.kind === 'window')
    hub.publish({ ...event, window: { ...event.window, drift: { state: 'alarm' } } });
  await eventually(
    () => row.locator('svg[role=img]').getAttribute('aria-label'),
    (label) => label === '60 windows, 1 in alarm',
  );
  hub.publish({
    kind: 'device',
    device: { ...hub.fleet.device('kitchen-4'), throughputPerSecond: 77.7 },
  });
  await row.getByText('77.7').waitFor();
  await context.close();
});

test('filters and sorting are in the address, and a link shows the same', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/fleet');
  const keys = () => rowKeys(page);
  await page.getByLabel('Filter devices').fill('arm64');
  await page.getByRole('button', { name: 'p95' }).click();
  await page.getByRole('button', { name: 'p95' }).click();
  await page.waitForURL(/q=arm64/);
  await page.waitForURL(/sort=-p95/);
  assert.deepEqual(await keys(), ['attic-6', 'hall-3', 'hall-2', 'kitchen-4', 'gate-1']);
  await page.reload();
  await page.locator('tbody tr[data-key]').first().waitFor();
  assert.deepEqual(await keys(), ['attic-6', 'hall-3', 'hall-2', 'kitchen-4', 'gate-1']);
  await page.getByRole('button', { name: 'unknown 1' }).click();
  await eventually(keys, (found) => found.join() === 'attic-6');
  await context.close();
});

test('the keyboard alone opens a device', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/fleet');
  await page.locator('tr[data-key="hall-2"]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/devices\/hall-3/);
  await context.close();
});

test('an empty fleet says what to do, and makes the token for it', { skip }, async () => {
  await using hub = await console.hub({ empty: true });
  const { page, context, complaints } = await console.open(hub, '/fleet');
  await page.getByText('No device yet').waitFor();
  await page.getByRole('button', { name: 'Enrol a device' }).first().click();
  await page
    .getByText(/npx edgewise-agent enrol ew1\./)
    .first()
    .waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('whoever may only read is told why a button does nothing', { skip }, async () => {
  await using hub = await console.hub({ scope: 'read' });
  const { page, context } = await console.open(hub, '/fleet');
  const button = page.getByRole('button', { name: 'Enrol a device' });
  assert.equal(await button.isDisabled(), true);
  assert.match((await button.getAttribute('title')) ?? '', /scope “admin”/);
  await context.close();
});

test('an error shows its code and what to do, and trying again helps once the cause is gone', {
  skip,
}, async () => {
  const failing: Record<string, FleetError> = {
    listDevices: new FleetError('disk-full', 'No room for the answer.'),
  };
  await using hub = await console.hub({ failing });
  const { page, context } = await console.open(hub, '/fleet');
  await page.getByText('The disk is full; free some space.').waitFor();
  await page.getByText('No room for the answer.').waitFor();
  delete failing.listDevices;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('tr[data-key="hall-2"]').waitFor();
  await context.close();
});

test('a thousand devices are drawn only where they are seen', { skip }, async () => {
  await using hub = await console.hub({ copies: 200 });
  const { page, context } = await console.open(hub, '/fleet');
  await page.getByText('All 1200').waitFor();
  const drawn = await page.locator('tbody tr[data-key]').count();
  assert.ok(drawn > 10 && drawn < 60, `${drawn} rows`);
  await context.close();
});
