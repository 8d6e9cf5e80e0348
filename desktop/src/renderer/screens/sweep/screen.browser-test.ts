import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import {
  eventually,
  noBrowser,
  rowKeys,
  startConsole,
  type TestConsole,
} from '../../../testing/console.ts';
import { lowContrast } from '../../../testing/contrast.ts';

const skip = noBrowser;
let console: TestConsole;
before(async () => {
  if (!skip) console = await startConsole();
});
after(async () => console?.[Symbol.asyncDispose]());

const shownIn = (page: Page) => page.getByRole('group', { name: 'Trial shown' });

test('the list says how far each sweep is, moves live, and a row leads to its trials', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/models');
  const list = page.getByRole('table', { name: 'Sweeps' });
  const row = list.locator('tr[data-key="sweep-5"]');
  assert.match((await row.textContent()) ?? '', /running.*halving12 of 18.*2 of 3.*95\.10%/);
  assert.match((await list.locator('tr[data-key="sweep-1"]').textContent()) ?? '', /failed/);
  const tally = {
    ended: 16,
    failed: 1,
    round: 3,
    finished: 1,
    leader: { trial: 4, accuracy: 0.9612 },
  };
  const { trials: _, ...sweep } = hub.fleet.sweep('sweep-5');
  hub.publish({ kind: 'sweep', sweep: { ...sweep, trials: [], tally } });
  await eventually(
    () => row.textContent(),
    (text) => /16 of 18.*3 of 3.*96\.12%/.test(text ?? ''),
  );
  await row.press('Enter');
  await page.waitForURL(/models\/sweeps\/sweep-5/);
  await page.getByRole('heading', { name: 'sweep-5' }).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('trials stand with values, score and state, the best first and marked, a failed one with its reason', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/models/sweeps/sweep-5');
  const rows = page.getByRole('table', { name: 'Trials' }).locator('tbody tr');
  assert.match((await rows.first().textContent()) ?? '', /^15leadspaused95\.10%0\.00911112816/);
  assert.equal(await rows.getByText('leads').count(), 1);
  assert.match(
    (await rows.last().textContent()) ?? '',
    /^7failed–0\.1274.*2 sThe training diverged/,
  );
  await page.getByText('halving over').waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a table sorted by a swept value is in the address, and an opened trial is set off', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models/sweeps/sweep-5');
  await page.getByRole('button', { name: 'optimizer.rate' }).click();
  await page.waitForURL(/sort=%3Doptimizer\.rate/);
  assert.deepEqual((await rowKeys(page)).slice(0, 3), ['6', '9', '2']);
  await page.locator('tr[data-key="9"]').press('Enter');
  await page.waitForURL(/trial=9/);
  await shownIn(page).getByText('Trial 9').waitFor();
  assert.match((await shownIn(page).textContent()) ?? '', /stopped.*rank 14 of 18/);
  await page.reload();
  await shownIn(page).getByText('Trial 9').waitFor();
  await context.close();
});

test('keys go from the best trial to the worse ones, and the curve says the values of both', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models/sweeps/sweep-5');
  const shown = shownIn(page);
  await shown.getByText('Trial 15').waitFor();
  const next = shown.getByRole('button', { name: 'Worse trial' });
  await next.focus();
  await page.keyboard.press('Enter');
  await shown.getByText('Trial 4').waitFor();
  await page.keyboard.press('ArrowRight');
  await shown.getByText('Trial 13').waitFor();
  const curve = page.getByRole('figure', { name: 'Validation accuracy by epoch' });
  assert.match((await curve.textContent()) ?? '', /shown80\.9%leading95\.1%/);
  await page.keyboard.press('End');
  await shown.getByText('The training diverged').waitFor();
  await page.keyboard.press('Home');
  await shown.getByText('Trial 15').waitFor();
  await context.close();
});

test('a curve under the pointer says which trial it is, and a click keeps it', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models/sweeps/sweep-2');
  const shown = shownIn(page);
  await shown.getByText('Trial 5').waitFor();
  const plot = page.locator('.u-over');
  const box = await plot.boundingBox();
  assert.ok(box);
  // The lowest curve ends at the right.
  const lowest = async () => {
    for (let y = box.height - 2; y > 0; y -= 6) {
      await page.mouse.move(box.x + box.width - 2, box.y + y);
      if ((await shown.textContent())?.includes('Trial 3')) return true;
    }
    return false;
  };
  assert.ok(await lowest(), 'no curve was near the pointer');
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForURL(/trial=3/);
  await page.mouse.move(0, 0);
  await shown.getByText('Trial 3').waitFor();
  await context.close();
});

test('a dot under the pointer is the trial that is shown', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models/sweeps/sweep-3');
  const dots = page.getByRole('img', { name: 'Score against layers.4.units' });
  await dots.waitFor();
  assert.equal(await dots.locator('[data-key]').count(), 6);
  await dots.locator('[data-key="1"] circle').hover();
  const first = await shownIn(page).textContent();
  assert.match(first ?? '', /rank [2-6] of 6/);
  await page.mouse.move(0, 0);
  await shownIn(page).getByText('Trial 6').waitFor();
  assert.deepEqual(
    await dots
      .locator('text')
      .allTextContents()
      .then((all) => all.slice(-4, -1)),
    ['32', '64', '128'],
  );
  await context.close();
});

test('a trial and its curve grow while it trains, and loss is a choice away', {
  skip,
}, async () => {
  await using hub = await console.hub();
  const { page, context, complaints } = await console.open(hub, '/models/sweeps/sweep-5?trial=4');
  const row = page.locator('tr[data-key="4"]');
  await row.getByText('running 20%').waitFor();
  const trial = hub.fleet.sweep('sweep-5').trials[3];
  assert.ok(trial);
  hub.publish({ kind: 'trial', sweep: 'sweep-5', trial: { ...trial, progress: 0.27 } });
  await row.getByText('running 27%').waitFor();
  const metric = { step: 2_000, epoch: 5, loss: 0.2, accuracy: 0.9333, validationLoss: 0.1234 };
  hub.publish({ kind: 'trial-metric', sweep: 'sweep-5', trial: 4, metric });
  const accuracy = page.getByRole('figure', { name: 'Validation accuracy by epoch' });
  await eventually(
    () => accuracy.textContent(),
    (text) => text?.includes('shown93.3%') === true,
  );
  await page.getByRole('button', { name: 'Loss', exact: true }).first().click();
  await page.waitForURL(/curve=loss/);
  const loss = page.getByRole('figure', { name: 'Validation loss by epoch' });
  assert.match((await loss.textContent()) ?? '', /shown0\.123/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test('a sweep is stopped after a question that says what stays', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models/sweeps/sweep-5');
  await page.getByRole('button', { name: 'Stop' }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop sweep-5?' });
  await dialog.getByText('6 trials have not ended and will stop.').waitFor();
  assert.ok(!hub.requests.includes('DELETE /api/v1/sweeps/sweep-5'));
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await page.locator('header').getByText('stopped').waitFor();
  assert.ok(hub.requests.includes('DELETE /api/v1/sweeps/sweep-5'));
  assert.equal(await page.getByRole('button', { name: 'Stop' }).count(), 0);
  await page.locator('tr[data-key="4"]').getByText('canceled').waitFor();
  await context.close();
});

test('whoever may only read cannot stop a sweep', { skip }, async () => {
  await using hub = await console.hub({ scope: 'read' });
  const { page, context } = await console.open(hub, '/models/sweeps/sweep-5');
  assert.equal(await page.getByRole('button', { name: 'Stop' }).isDisabled(), true);
  await context.close();
});

test('a sweep that is done leads to the run whose version was made', { skip }, async () => {
  await using hub = await console.hub();
  const { page, context } = await console.open(hub, '/models/sweeps/sweep-3');
  await page.getByRole('link', { name: 'digits 3 from run-3' }).click();
  await page.waitForURL(/run=run-3/);
  await page
    .getByRole('region', { name: 'Runs', exact: true })
    .getByText('Best: epoch 7')
    .waitFor();
  await context.close();
});

test('sweeps that wait, failed or were stopped are told without a complaint', {
  skip,
}, async () => {
  await using hub = await console.hub();
  for (const [sweep, words] of [
    ['sweep-4', 'Curves appear with the first epoch.'],
    ['sweep-2', 'none was made'],
    ['sweep-1', 'No trial came to the end of an epoch.'],
    ['sweep-9', 'There is no sweep-9'],
  ] as const) {
    const { page, context, complaints } = await console.open(hub, `/models/sweeps/${sweep}`);
    await page.getByText(words).waitFor();
    // A page that asks for what is not there is told so by the browser, too.
    if (sweep !== 'sweep-9') assert.deepEqual(complaints, []);
    await context.close();
  }
});

test('without a sweep it says what one is for and how to start it', { skip }, async () => {
  await using hub = await console.hub({ swept: false });
  const { page, context, complaints } = await console.open(hub, '/models');
  const panel = page.getByRole('region', { name: 'Sweeps' });
  await panel.getByText('No sweep yet').waitFor();
  await panel
    .getByText('npx edgewise train digits --dataset mnist --recipe recipe.json --sweep sweep.json')
    .waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test('trials and pictures fit a phone and are legible in both themes', { skip }, async () => {
  await using hub = await console.hub();
  for (const theme of ['light', 'dark'] as const) {
    const { page, context, complaints } = await console.open(
      hub,
      '/models/sweeps/sweep-5?trial=7',
      { theme, width: 390, height: 844 },
    );
    await shownIn(page).getByText('The training diverged').waitFor();
    const wider = await page.evaluate(
      'document.querySelector("#content").scrollWidth - document.querySelector("#content").clientWidth',
    );
    assert.equal(wider, 0);
    assert.deepEqual(await lowContrast(page), []);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});
