import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FleetError } from '@edgewise/protocol/errors';
import { openPage } from '../../testing/browser.ts';
import {
  eventually,
  goTo,
  noBrowser,
  startConsole,
  type TestConsole,
} from '../../testing/console.ts';
import { lowContrast } from '../../testing/contrast.ts';

const skip = noBrowser;
let console: TestConsole;
before(async () => {
  if (!skip) console = await startConsole();
});
after(async () => console?.[Symbol.asyncDispose]());

const screens = [
  '/fleet',
  '/devices/hall-2',
  '/models',
  '/models/sweeps/sweep-5',
  '/drift',
  '/label',
];

test('the built page has no inline script and names only files of its own', { skip }, async () => {
  const html = await readFile(path.join(console.pages, 'index.html'), 'utf8');
  assert.ok(!/<script(?![^>]*\ssrc=)/.test(html));
  assert.ok(!/\son\w+=/.test(html));
  assert.ok(
    [...html.matchAll(/(?:src|href)="([^"]+)"/g)].every((match) => match[1]?.startsWith('./')),
  );
});

for (const theme of ['light', 'dark'] as const)
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const)
    test(`every screen in ${theme} at ${width} x ${height}: nothing on the console, nothing sticks out, contrast is AA`, {
      skip,
    }, async () => {
      await using hub = await console.hub();
      const { page, context, complaints } = await console.open(hub, '/fleet', {
        theme,
        width,
        height,
      });
      for (const screen of screens) {
        await goTo(page, screen);
        await page.locator('main h1').waitFor();
        await page.waitForLoadState('networkidle', { timeout: 500 }).catch(() => undefined);
        const wider = await page.evaluate(
          'document.querySelector("#content").scrollWidth - document.querySelector("#content").clientWidth',
        );
        assert.equal(wider, 0, `${screen} sticks out`);
        assert.deepEqual(await lowContrast(page), [], screen);
      }
      assert.deepEqual(complaints, []);
      await context.close();
    });

test('a one-time link signs in, and its code leaves the address', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await openPage(console.browser);
  await page.goto(hub.signInUrl);
  await page.waitForURL(/#\/fleet$/);
  await page.reload();
  await page.getByRole('heading', { name: 'Fleet' }).waitFor();
  assert.ok(!page.url().includes('code'));
  assert.equal(hub.requests.filter((each) => each === 'POST /api/v1/session').length, 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('whoever is signed out is asked who they are, and then sees what they came for', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context } = await openPage(console.browser);
  await page.goto(`${hub.url}/#/drift?alarm=alarm-6`);
  await page.getByLabel('Token or sign-in link').fill('wrong');
  await page.keyboard.press('Enter');
  await page.getByText('No valid credential was given.').waitFor();
  await page.getByLabel('Token or sign-in link').fill('fixture-token');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('brightness up, +0.9 sd').first().waitFor();
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
  await context.close();
});

test('a token that was withdrawn ends the session', { skip }, async () => {
  const failing: Record<string, FleetError> = {};
  await using hub = await console.hub({ failing });
  const { page, context } = await console.open(hub, '/drift');
  failing.status = new FleetError('unauthenticated', 'This token was withdrawn.');
  hub.publish({ kind: 'device', device: hub.fleet.device('kitchen-4') });
  await page.getByRole('heading', { name: 'Sign in to the console' }).waitFor();
  await page.waitForURL(/signin\?next=%2Fdrift/);
  await context.close();
});

test('a broken stream is said, and what was missed is seen after it resumed', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/fleet');
  const mark = page.locator('[data-live]');
  await eventually(
    () => mark.getAttribute('data-live'),
    (state) => state === 'open',
  );
  const kitchen = page.locator('tr[data-key="kitchen-4"]');
  await kitchen.getByText('watching', { exact: true }).waitFor();
  const device = structuredClone(hub.fleet.device('kitchen-4'));
  hub.publish({ kind: 'device', device: { ...device, throughputPerSecond: 77.7 } });
  await kitchen.getByText('77.7').waitFor();
  hub.breakStreams();
  await eventually(
    () => mark.getAttribute('data-live'),
    (state) => state === 'broken',
  );
  hub.publish({
    kind: 'device',
    device: { ...device, drift: { state: 'alarm', feature: 'slant' } },
  });
  hub.resume();
  await eventually(
    () => mark.getAttribute('data-live'),
    (state) => state === 'open',
  );
  await kitchen.getByText('alarm', { exact: true }).waitFor();
  await context.close();
});

test('search opens with its key and leads to a device, a model and an alarm', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/fleet');
  for (const [wanted, address] of [
    ['kitchen', /devices\/kitchen-4/],
    ['digits', /models\?model=digits/],
    ['alarm-6', /drift\?alarm=alarm-6/],
  ] as const) {
    await page.keyboard.press('ControlOrMeta+k');
    await page.getByRole('combobox').fill(wanted);
    await page.keyboard.press('Enter');
    await page.waitForURL(address);
  }
  await page.goBack();
  await page.waitForURL(/models\?model=digits/);
  await context.close();
});

test('keys go from screen to screen and list themselves', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/fleet');
  for (const [key, address] of [
    ['d', /#\/drift/],
    ['m', /#\/models/],
    ['l', /#\/label/],
    ['f', /#\/fleet/],
  ] as const) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.waitForURL(address);
  }
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  await context.close();
});

test('the theme follows the system until one is chosen, and the choice stays', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/fleet', { theme: 'dark' });
  const theme = () => page.locator('html').getAttribute('data-theme');
  assert.equal(await theme(), 'dark');
  await page.getByRole('button', { name: 'Theme: as the system' }).click();
  assert.equal(await theme(), 'light');
  await page.reload();
  await page.getByRole('button', { name: 'Theme: light' }).waitFor();
  assert.equal(await theme(), 'light');
  await context.close();
});

test('an address that leads nowhere says so', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/fleet');
  await page.evaluate('location.hash = "/nowhere"');
  await page.getByText('There is no such page.').waitFor();
  await page.getByRole('link', { name: 'Go to the fleet' }).click();
  await page.getByRole('heading', { name: 'Fleet' }).waitFor();
  await context.close();
});
