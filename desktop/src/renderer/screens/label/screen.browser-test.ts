import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FleetError } from '@edgewise/protocol/errors';
import { eventually, noBrowser, startConsole, type TestConsole } from '../../../testing/console.ts';

const skip = noBrowser;
let console: TestConsole;
before(async () => {
  if (!skip) console = await startConsole();
});
after(async () => console?.[Symbol.asyncDispose]());

test('a sample is shown as a picture, fetched with the token', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/label');
  const picture = page.getByRole('img', { name: /^Sample / }).first();
  await picture.waitFor();
  assert.match((await picture.getAttribute('src')) ?? '', /^blob:/);
  const size = await picture.evaluate(
    (image) => (image as unknown as { naturalWidth: number }).naturalWidth,
  );
  assert.equal(size, 28);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the queue needs no mouse: digits choose, s skips, z undoes', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/label');
  const samples = hub.fleet.samples();
  const shown = page.getByRole('region', { name: 'Sample' }).locator('code');
  const shows = (index: number) =>
    eventually(
      () => shown.getAttribute('title'),
      (title) => title === samples[index]?.sample,
    );
  await shows(0);
  await page.keyboard.press('3');
  await shows(1);
  await page.keyboard.press('s');
  await shows(2);
  await eventually(
    () => Promise.resolve(hub.fleet.samples().slice(0, 2)),
    ([first, second]) => first?.label === 3 && second?.status === 'skipped',
  );
  await page.keyboard.press('z');
  await shows(1);
  await page.keyboard.press('z');
  await shows(0);
  await eventually(
    () => Promise.resolve(hub.fleet.samples()),
    (all) => all.every((each) => each.status === 'waiting'),
  );
  await page.keyboard.press('9');
  await shows(1);
  await eventually(
    () => Promise.resolve(hub.fleet.samples()[0]?.label),
    (label) => label === 9,
  );
  await context.close();
});

test('the prediction is hidden until it is asked for', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/label');
  await page.getByText('Hidden, so that it does not sway you.').waitFor();
  await page.keyboard.press('p');
  await page.getByText(/The model says 0, \d+\.\d% sure/).waitFor();
  await page.waitForURL(/prediction=shown/);
  await context.close();
});

test('an answer that cannot be stored brings its sample back with the reason', {
  skip,
}, async () => {
  const failing: Record<string, FleetError> = {
    labelSample: new FleetError('conflict', 'Somebody else labelled it.'),
  };
  await using hub = await console.hub({ failing });
  const { page, context } = await console.open(hub, '/label');
  const shown = page.getByRole('region', { name: 'Sample' }).locator('code');
  const first = await shown.getAttribute('title');
  await page.keyboard.press('1');
  await page.getByText('Somebody else labelled it.').waitFor();
  await eventually(
    () => shown.getAttribute('title'),
    (title) => title === first,
  );
  await context.close();
});

test('a new sample joins the queue, and an empty queue says where samples come from', {
  skip,
}, async () => {
  await using hub = await console.hub({ empty: true });
  const { page, context } = await console.open(hub, '/label');
  await page.getByText('Nothing waits for a label').waitFor();
  await using other = await console.hub();
  const [sample] = other.fleet.samples();
  assert.ok(sample);
  hub.publish({ kind: 'sample', sample });
  await page.getByRole('region', { name: 'Sample' }).getByText('hall-2').waitFor();
  await context.close();
});

test('whoever may only read sees the queue but cannot answer', { skip }, async () => {
  await using hub = await console.hub({ scope: 'read' });
  const { page, context } = await console.open(hub, '/label');
  assert.equal(await page.getByRole('button', { name: '3', exact: true }).isDisabled(), true);
  await page.keyboard.press('3');
  assert.ok(hub.requests.every((each) => !each.startsWith('PUT')));
  await context.close();
});
