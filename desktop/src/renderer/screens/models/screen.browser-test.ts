import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, noBrowser, startConsole, type TestConsole } from '../../../testing/console.ts';
import { lowContrast } from '../../../testing/contrast.ts';

const skip = noBrowser;
let console: TestConsole;
before(async () => {
  if (!skip) console = await startConsole();
});
after(async () => console?.[Symbol.asyncDispose]());

test('versions show fp32 and int8 side by side, and the selected one is in the address', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/models');
  const row = page.locator('tr[data-key="2"]');
  await row.waitFor();
  assert.match(
    (await row.textContent()) ?? '',
    /digits 2.*passed.*98\.82%.*98\.71%.*−0\.11.*109 kB.*26\.6%/,
  );
  await row.click();
  await page.waitForURL(/version=2/);
  const details = page.getByRole('region', { name: 'digits 2' });
  await details.getByText('98.82 % on 10,000 test images').waitFor();
  await details.getByText('x64 VNNI').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the parity panel says which devices refused a variant, and why', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/models?model=digits&version=2');
  const panel = page.getByRole('region', { name: 'Same answers on the devices' });
  const row = panel.locator('tr[data-key="arm64"]');
  await row.waitFor();
  assert.match(
    (await row.textContent()) ?? '',
    /Arm64.*0\.412 of 0\.0184.*37\.5%.*refused.*2 proved, 1 refused/,
  );
  await panel.getByText('9 of 24 top classes agree').waitFor();
  await panel.getByText('a weight of -128 would wrap').waitFor();
  assert.match((await panel.locator('tr[data-key="x64-vnni"]').textContent()) ?? '', /proved/);
  assert.deepEqual(complaints, []);
  await panel.getByRole('link', { name: 'attic-6' }).click();
  await page.waitForURL(/devices\/attic-6/);
  await context.close();
});

test('a device that has proved a version changes the parity panel at once', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models?model=digits&version=3');
  const panel = page.getByRole('region', { name: 'Same answers on the devices' });
  await panel.locator('tr[data-key="arm64"]').getByText('not yet').first().waitFor();
  const asked = () => hub.requests.filter((each) => each.includes('/models/digits/parity')).length;
  const before = asked();
  const device = hub.fleet.device('hall-2');
  const { state } = device;
  assert.ok(state?.slots.candidate);
  const parity = { vectors: 24, largestDeviation: 0, topAgreement: 1, atMs: 5 };
  const candidate = { ...state.slots.candidate, status: 'proved' as const, parity };
  hub.publish({
    kind: 'device',
    device: { ...device, state: { ...state, slots: { ...state.slots, candidate } } },
  });
  await eventually(
    () => Promise.resolve(asked()),
    (count) => count > before,
  );
  await context.close();
});

test('the parity panel fits a phone and is legible in both themes', { skip }, async () => {
  await using hub = await console.hub();
  for (const theme of ['light', 'dark'] as const) {
    const { page, context } = await console.open(hub, '/models?model=digits&version=2', {
      ...{ theme, width: 390, height: 844 },
    });
    const panel = page.getByRole('region', { name: 'Same answers on the devices' });
    await panel.getByText('9 of 24 top classes agree').waitFor();
    const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    assert.equal(wide, false);
    assert.deepEqual(await lowContrast(page), []);
    await context.close();
  }
});

test('the chain of a version opens its parent and its run', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models?model=digits&version=3');
  await page.getByRole('region', { name: 'digits 3' }).getByRole('link', { name: 'run-3' }).click();
  await page.waitForURL(/run=run-3/);
  await page
    .getByRole('region', { name: 'digits 3' })
    .getByRole('link', { name: '2', exact: true })
    .click();
  await page.waitForURL(/version=2/);
  await context.close();
});

test('a rollout names its reach and wants the model typed before it starts', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models?model=digits&version=2');
  await page
    .getByRole('region', { name: 'digits 2' })
    .getByRole('button', { name: 'Roll out' })
    .click();
  const dialog = page.getByRole('dialog', { name: 'Roll 6 devices to digits 2?' });
  const go = dialog.getByRole('button', { name: 'Roll out' });
  assert.equal(await go.isDisabled(), true);
  await dialog.getByRole('textbox').fill('digit');
  assert.equal(await go.isDisabled(), true);
  assert.ok(!hub.requests.includes('POST /api/v1/rollouts'));
  await dialog.getByRole('textbox').fill('digits');
  await go.click();
  await eventually(
    () => Promise.resolve(hub.requests),
    (requests) => requests.includes('POST /api/v1/rollouts'),
  );
  await page.getByRole('region', { name: 'Rollouts' }).getByText('Out: digits 2').first().waitFor();
  await context.close();
});

test('a rollback reaches every device and appears among the rollouts', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models');
  await page.getByRole('button', { name: 'Roll back' }).click();
  const dialog = page.getByRole('dialog', {
    name: 'Roll 6 devices back to the digits they served before?',
  });
  await dialog.getByRole('textbox').fill('digits');
  await page.keyboard.press('Enter');
  await page.getByText('Back: digits 2').waitFor();
  await context.close();
});

test('a learning curve grows with the metrics of its run', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models');
  const loss = page.getByRole('figure', { name: 'Loss by step' });
  await loss.waitFor();
  hub.publish({ kind: 'metric', run: 'run-4', metric: { step: 99_999, epoch: 4, loss: 0.0123 } });
  await eventually(
    () => loss.textContent(),
    (text) => text?.includes('0.0123') === true,
  );
  await context.close();
});

test('learning curves show validation beside training, mark the best epoch and list all epochs', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/models?run=run-3');
  const runs = page.getByRole('region', { name: 'Runs', exact: true });
  await runs.getByText('Best: epoch 7 of 10, validation loss 0.075').waitFor();
  const loss = runs.getByRole('figure', { name: 'Loss by step' });
  assert.match((await loss.textContent()) ?? '', /training.*validation0\.0974/);
  assert.match(
    (await runs.getByRole('figure', { name: 'Accuracy by step' }).textContent()) ?? '',
    /training99\.6%.*validation98\.5%/,
  );
  await runs.getByText('Epochs as a table').press('Enter');
  const epochs = runs.getByRole('table', { name: 'Epochs as a table' });
  assert.equal(await epochs.locator('tbody tr[data-key]').count(), 10);
  assert.match((await epochs.locator('tr[data-key="2100"]').textContent()) ?? '', /^7best/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('the best epoch moves while a run learns', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models');
  const runs = page.getByRole('region', { name: 'Runs', exact: true });
  await runs.getByText('Best: epoch 5 of 5').waitFor();
  const metric = { step: 1_750, epoch: 6, loss: 0.05, accuracy: 0.9901, validationLoss: 0.031 };
  hub.publish({ kind: 'metric', run: 'run-4', metric: { ...metric, best: true } });
  await runs.getByText('Best: epoch 6 of 6, validation loss 0.031, accuracy 99.01%').waitFor();
  await context.close();
});

test('learning curves fit a phone and are legible in both themes', { skip }, async () => {
  await using hub = await console.hub();
  for (const theme of ['light', 'dark'] as const) {
    const { page, context } = await console.open(hub, '/models?run=run-3', {
      ...{ theme, width: 390, height: 844 },
    });
    const runs = page.getByRole('region', { name: 'Runs', exact: true });
    await runs.getByText('Epochs as a table').click();
    await runs.getByRole('table', { name: 'Epochs as a table' }).waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
    assert.deepEqual(await lowContrast(page), []);
    await context.close();
  }
});

test('a rollout shows each device of each wave as it moves', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models');
  const rollouts = page.getByRole('region', { name: 'Rollouts' });
  await rollouts.getByText('wave 2 · 0/4').waitFor();
  const rollout = hub.fleet.rollout('rollout-3');
  hub.publish({
    kind: 'rollout',
    rollout: {
      ...rollout,
      devices: rollout.devices.map((each) => ({ ...each, status: 'serving' as const })),
    },
  });
  await rollouts.getByText('wave 2 · 4/4').waitFor();
  await context.close();
});

test('without a model it says how to make one', { skip }, async () => {
  await using hub = await console.hub({ empty: true });
  const { page, context, complaints } = await console.open(hub, '/models');
  await page.getByText('No model yet').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});
