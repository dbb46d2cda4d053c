// What people decide reaches the daemon, and what happens there reaches the page.
import assert from 'node:assert/strict';
import { text, texts, until } from './browser.mjs';

const tenant = '/v1/tenants/t';

export async function labels_and_overrides_of_the_account_page_reach_the_daemon(world) {
  const name = 'attacker-naive-000';
  const page = await world.page({ role: 'analyst', at: `#/t/t/accounts/${name}` });
  const stands = () => world.api(`${tenant}/accounts/${name}`);
  await page.getByLabel('Why it is labelled so').fill('sweeps the charts <in> "order"');
  await page.getByRole('button', { name: 'extracting' }).click();
  await page.waitForSelector('text=sweeps the charts <in> "order"');
  const { label } = await stands();
  assert.deepEqual([label.label, label.why], ['extracting', 'sweeps the charts <in> "order"']);
  assert.equal(label.by, (await world.api('/v1/me', { role: 'analyst' })).id);
  await page.locator('#override-action').selectOption('review');
  await page.getByLabel('Why it is overridden').fill('ticket 4711');
  await page.getByRole('button', { name: 'Override', exact: true }).click();
  await page.waitForSelector('text=Overridden');
  const { override, decision } = await stands();
  assert.deepEqual([override.action, override.why, decision.why], ['review', 'ticket 4711', 'override']);
  assert.ok(Math.abs(override.until - Date.now() / 1000 - 86400) < 60);
  await page.getByRole('button', { name: 'End override' }).click();
  await page.waitForSelector('text=No override');
  await page.getByRole('button', { name: 'Take label away' }).click();
  await page.waitForSelector('text=Nobody has said');
  const after = await stands();
  assert.deepEqual([after.label, after.override], [null, null]);
}

export async function an_account_found_honest_by_key_leaves_the_queue(world) {
  const page = await world.page({ role: 'analyst', at: '#/t/t/queue' });
  await page.waitForSelector('.side [role=img]');
  const [first, second] = await texts(page, '[role=option] .name');
  await page.keyboard.press('h');
  await until(async () => !(await texts(page, '[role=option] .name')).includes(first), 'it leaves the queue');
  assert.equal((await world.api(`${tenant}/accounts/${encodeURIComponent(first)}`)).label.label, 'honest');
  assert.equal(await text(page, '[aria-selected=true] .name'), second);
  await page.waitForSelector(`.side h2:has-text("${second}")`);
  await until(async () => (await text(page, '.side')).includes('Nobody has said'), 'the next one is there');
  await page.keyboard.press('e');
  await until(
    async () => (await world.api(`${tenant}/accounts/${encodeURIComponent(second)}`)).label?.label === 'extracting',
    'the label is there',
  );
}

export async function an_account_that_falls_now_appears_by_itself(world) {
  const page = await world.page({ role: 'reader' });
  await page.waitForSelector('.stream.live');
  await page.evaluate(() => (globalThis.notReloaded = true));
  assert.ok(!(await texts(page, '.fell .name')).includes('late/attacker 1'));
  const body = world.late.map((line) => JSON.stringify(line)).join('\n');
  const headers = { 'Content-Type': 'application/x-ndjson', 'Cms-Model': world.model };
  const begun = Date.now();
  const answer = await world.api(`${tenant}/activations`, { role: 'tap', method: 'POST', body, headers });
  assert.equal(answer.scored, world.late.length);
  await until(async () => (await texts(page, '.fell .name')).includes('late/attacker 1'), 'it is in the list');
  const seconds = (Date.now() - begun) / 1000;
  assert.ok(await page.evaluate(() => globalThis.notReloaded));
  await world.shot(page, 'overview-live');
  await page.getByRole('link', { name: 'late/attacker 1' }).first().click();
  await page.waitForSelector('h1:has-text("late/attacker 1")');
  return [
    {
      what: 'dashboard: from a batch to the fallen account on the page, s',
      figure: Number(seconds.toFixed(2)),
      goal: '<= 5',
      holds: seconds <= 5,
    },
  ];
}

export async function a_daemon_that_does_not_answer_is_said_to_be_so_and_comes_back(world) {
  const page = await world.page({ role: 'reader', expects: 'ERR_INTERNET_DISCONNECTED' });
  await page.waitForSelector('.fell tbody tr');
  await page.context().setOffline(true);
  // As if one came back to the tab, which asks at once.
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  assert.match(await text(page, '[role=alert]'), /does not answer.*from before/);
  assert.ok((await texts(page, '.fell tbody tr')).length > 0);
  await page.context().setOffline(false);
  await until(async () => (await page.locator('[role=alert]').count()) === 0, 'it recovers by itself');
  await page.waitForSelector('.stream.live');
}

export async function a_stream_that_ends_is_taken_up_after_the_last_event(world) {
  const page = await world.page();
  const asked = [];
  await page.route('**/v1/events*', (route) => {
    asked.push(route.request().headers()['last-event-id'] ?? null);
    if (asked.length > 1) return route.continue();
    const body = ': hello\n\nid: gone-1\nevent: score\ndata: {}\n\nid: gone-2\nevent: sco';
    return route.fulfill({ contentType: 'text/event-stream', body });
  });
  await page.getByLabel('Access token').fill(world.tokens.reader);
  await page.keyboard.press('Enter');
  await until(() => asked.length > 1, 'it asks again');
  // Of the second event the end never came.
  assert.deepEqual(asked, [null, 'gone-1']);
  await page.waitForSelector('.stream.live');
}
