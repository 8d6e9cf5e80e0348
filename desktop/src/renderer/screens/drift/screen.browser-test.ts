import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, noBrowser, startConsole, type TestConsole } from '../../../testing/console.ts';

const skip = noBrowser;
let console: TestConsole;
before(async () => {
  if (!skip) console = await startConsole();
});
after(async () => console?.[Symbol.asyncDispose]());

test('the open alarm says what changed, where and how sure we are', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/drift');
  const alarm = page.getByRole('region', { name: 'alarm-7' });
  await alarm.getByText('contrast down, −0.6 sd and narrower').waitFor();
  await alarm.getByText('Watched and unchanged: kitchen-4, lab-5.').waitFor();
  assert.equal(await page.getByRole('img', { name: /reference above, current below/ }).count(), 3);
  await eventually(
    () => page.getByText('alarm at 10K').count(),
    (count) => count >= 2,
  );
  await page.getByText('Between 56.0% and 83.0%, whenever one looks.').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('another alarm is chosen in the address, and Back returns', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/drift');
  await page.getByRole('button', { name: /brightness up/ }).click();
  await page.waitForURL(/alarm=alarm-6/);
  await page.getByText('Nothing is left to do here.').waitFor();
  await page.goBack();
  await page.getByRole('region', { name: 'alarm-7' }).waitFor();
  await context.close();
});

test('of many findings the strongest are in sight, and all on demand', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/drift');
  const alarm = hub.fleet.alarm('alarm-7');
  const [finding] = alarm.findings;
  assert.ok(finding);
  const findings = Array.from({ length: 20 }, (_, index) => ({
    ...finding,
    feature: `component-${index}`,
    logM: index,
  }));
  hub.publish({ kind: 'alarm', alarm: { ...alarm, findings } });
  const pictures = page.getByRole('img', { name: /reference above, current below/ });
  await eventually(
    () => pictures.count(),
    (count) => count === 6,
  );
  await page.getByRole('img', { name: /^component-19,/ }).waitFor();
  await page.getByRole('button', { name: 'Show all 20' }).click();
  await eventually(
    () => pictures.count(),
    (count) => count === 20,
  );
  await page.waitForURL(/findings=all/);
  await context.close();
});

test('labels and decisions arrive as they happen', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/drift');
  await page.getByText('58 of 200 labels').waitFor();
  const alarm = hub.fleet.alarm('alarm-7');
  hub.publish({
    kind: 'alarm',
    alarm: {
      ...alarm,
      labelsGiven: 200,
      status: 'retraining',
      decisions: [
        ...alarm.decisions,
        { atMs: Date.now(), sentence: 'At least 12 points lost: retraining.' },
      ],
    },
  });
  await page.getByText('200 of 200 labels').waitFor();
  await page.getByText('At least 12 points lost: retraining.').waitFor();
  await page.getByText('retraining', { exact: true }).first().waitFor();
  await context.close();
});

test('dismissing names its reach and happens only when confirmed', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/drift');
  await page.getByRole('button', { name: 'Dismiss' }).click();
  const dialog = page.getByRole('dialog', { name: 'Dismiss alarm-7?' });
  await dialog.getByText('for 2 devices').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.ok(!hub.requests.includes('DELETE /api/v1/alarms/alarm-7'));
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await dialog.getByRole('button', { name: 'Dismiss' }).click();
  await eventually(
    () => Promise.resolve(hub.requests),
    (requests) => requests.includes('DELETE /api/v1/alarms/alarm-7'),
  );
  await context.close();
});

test('without an alarm nothing is alarming, and devices are still ranked', { skip }, async () => {
  await using hub = await console.hub({ empty: true });
  const { page, context, complaints } = await console.open(hub, '/drift');
  await page.getByText('No alarm').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});
