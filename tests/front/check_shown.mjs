// Each page shows what the API says.
import assert from 'node:assert/strict';
import { count, ink, poh, text, texts, until } from './browser.mjs';

const tenant = '/v1/tenants/t';

export async function overview_shows_traffic_standing_and_who_fell(world) {
  const page = await world.page({ role: 'admin' });
  await page.waitForSelector('.fell tbody tr');
  const said = await world.api(`${tenant}/overview`);
  assert.equal(said.accounts, world.accounts);
  assert.ok(said.fell.length >= 4, `${said.fell.length} fell`);
  const tiles = await texts(page, '.tile');
  assert.ok(
    tiles[0].startsWith(`${count(said.accounts)} `) && tiles[1].startsWith(`${count(said.computed)} `),
    tiles,
  );
  const rungs = Object.entries(said.actions).map(([action, accounts]) => `${action} ${count(accounts)}`);
  const shown = await texts(page, '.rungs li');
  rungs.forEach((rung, at) => assert.ok(shown[at].startsWith(rung), `${shown[at]} should be ${rung}`));
  assert.deepEqual(
    await texts(page, '.fell .name'),
    said.fell.map((one) => one.account),
  );
  assert.deepEqual(
    await texts(page, '.fell .value'),
    said.fell.map((one) => poh(one.poh)),
  );
  const bins = (await texts(page, '.now .count')).map((one) => (one === '·' ? 0 : Number(one.replaceAll(',', ''))));
  assert.deepEqual(bins, said.poh.toReversed());
  const requests = said.minutes.reduce((sum, one) => sum + one.requests, 0);
  await page.waitForSelector(`[aria-label^="Requests a minute: ${count(requests)} in all"]`);
  await world.shot(page, 'overview');
}

export async function account_page_shows_score_reasons_and_pictures(world) {
  const name = 'attacker-systematic-000';
  const page = await world.page({
    role: 'analyst',
    height: 1750,
    at: `#/t/t/accounts/${name}`,
    expects: 'getImageData',
  });
  const said = await world.api(`${tenant}/accounts/${name}`);
  const picture = await world.api(`${tenant}/accounts/${name}/picture`);
  const map = await world.api('/v1/atlas/map');
  await page.waitForSelector('h1');
  assert.equal(await text(page, '.score .big'), poh(said.poh));
  const facts = await text(page, '.strip');
  assert.ok(facts.includes(`requests ${said.requests} `) && facts.includes(poh(said.poh_min)), facts);
  assert.ok((await text(page, '.title')).includes(said.decision.action));
  const reasons = await texts(page, '[aria-labelledby=reasons-title] .head strong');
  const listed = said.reasons.filter((one) => one.share >= 0.02).map((one) => one.channel);
  assert.deepEqual(reasons, listed);
  const rest = said.reasons.slice(listed.length).map((one) => one.channel);
  if (rest.length > 0) await page.waitForSelector(`text=Below 2% each: ${rest.join(', ')}.`);
  const label = (start) => page.waitForSelector(`[role=img][aria-label*="${start}"]`);
  await label(`PoH is ${poh(said.history.points.at(-1).poh)} after ${said.history.points.at(-1).requests} requests`);
  await label(`${picture.visited.length} charts of ${map.charts.length} visited`);
  await label(`${picture.homology.h0.length} components and ${picture.homology.h1.length} holes`);
  await label(
    `${picture.growth.points.at(-1).charts} charts in ${picture.growth.points.at(-1).requests} distinct requests`,
  );
  assert.ok(
    (await text(page, '[aria-labelledby=ledger-title]')).includes(
      `${picture.ledger.charts} of ${picture.ledger.charts_all}`,
    ),
  );
  await ink(page, 'canvas');
  await ink(page, '.uplot canvas');
  await world.shot(page, 'account');
  await page.getByText(/All \d+ readings/).click();
  assert.equal(await page.locator('.readings li').count(), Object.keys(said.readings).length);
  // The pointer on a chart says what it is; the table says the same without a pointer.
  const canvas = page.locator('figure:has-text("Coverage of the atlas") canvas');
  const box = await canvas.boundingBox();
  await until(async () => {
    await page.mouse.move(
      box.x + box.width * (0.3 + 0.4 * Math.random()),
      box.y + box.height * (0.3 + 0.4 * Math.random()),
    );
    return (await text(page, 'figure:has-text("Coverage of the atlas") .read')).startsWith('Chart ');
  }, 'a chart is named under the pointer');
  await page.locator('figure:has-text("Coverage of the atlas") summary').click();
  assert.equal(
    await page.locator('figure:has-text("Coverage of the atlas") tbody tr').count(),
    picture.visited.length,
  );
  await page.getByRole('button', { name: 'by time' }).click();
  await ink(page, '.uplot canvas');
}

export async function queue_shows_the_lowest_first_and_goes_by_keys(world) {
  const page = await world.page({ role: 'analyst', at: '#/t/t/queue' });
  await page.waitForSelector('[role=option]');
  const said = await world.api(`${tenant}/queue`);
  assert.ok(said.accounts.length >= 3, `${said.accounts.length} wait`);
  const names = said.accounts.map((one) => one.account);
  assert.deepEqual(await texts(page, '[role=option] .name'), names);
  assert.deepEqual(
    await texts(page, '[role=option] .value'),
    said.accounts.map((one) => poh(one.poh)),
  );
  const chosen = () => text(page, '[role=option][aria-selected=true] .name');
  assert.equal(await chosen(), names[0]);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  assert.equal(await chosen(), names[1]);
  await page.waitForSelector(`.side h2:has-text("${names[1]}")`);
  await page.waitForSelector('.side [role=img]');
  await world.shot(page, 'queue');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`h1:has-text("${names[1]}")`);
}

export async function accounts_are_all_there_in_order_and_filtered(world) {
  const page = await world.page({ role: 'reader', at: '#/t/t/accounts' });
  await page.waitForSelector(`text=${world.accounts} shown of ${world.accounts}`);
  const said = [];
  for (let cursor = ''; cursor !== null;) {
    const more = await world.api(`${tenant}/accounts?limit=50${cursor && `&cursor=${cursor}`}`);
    said.push(...more.accounts);
    cursor = more.cursor;
  }
  const rank = (one) => one.poh ?? 2;
  const lowest = Math.min(...said.map(rank));
  assert.equal(await text(page, '.slot .value'), poh(lowest));
  await world.shot(page, 'accounts');
  await page.getByRole('button', { name: 'Account', exact: true }).click();
  const sorted = said.map((one) => one.account).sort();
  assert.deepEqual((await texts(page, '.slot .account')).slice(0, 10), sorted.slice(0, 10));
  await page.getByLabel('Only accounts whose name contains').fill('attacker-');
  await page.waitForSelector(`text=6 shown of ${world.accounts}`);
  await page.locator('#only').selectOption('allow');
  const allowed = said.filter((one) => one.account.includes('attacker-') && one.action === 'allow').length;
  await page.waitForSelector(`text=${allowed} shown of ${world.accounts}`);
  await page.locator('#only').selectOption({ index: 0 });
  await page.getByLabel('Only accounts whose name contains').fill('no such account');
  await page.waitForSelector('text=None of them fits');
  await page.getByLabel('Only accounts whose name contains').fill('');
  await page.waitForSelector(`text=${world.accounts} shown of ${world.accounts}`);
  await page.locator('[role=listbox]').focus();
  await page.keyboard.press('End');
  assert.equal(await text(page, '[aria-selected=true] .account'), sorted.at(-1));
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`h1:has-text("${sorted.at(-2)}")`);
}

// The list is the daemon's but for the actions: those of this world are not in shadow.
export async function accounts_in_shadow_say_what_would_be_and_are_found_by_it(world) {
  const page = await world.page({ role: 'reader' });
  const one = { time: 1.79e9, records: 1, status: 'computed', requests: 20, poh: 0.005 };
  await page.route(`**${tenant}/accounts?*`, (route) =>
    route.fulfill({
      json: {
        accounts: [
          { ...one, account: 'low', action: 'allow', would_be: 'limit' },
          { ...one, account: 'sound', poh: 0.7, action: 'allow', would_be: 'allow' },
        ],
        cursor: null,
      },
    }),
  );
  await page.goto(`${world.url}/dashboard/#/t/t/accounts`);
  await page.waitForSelector('text=2 shown of 2');
  assert.deepEqual(await texts(page, '.slot .action'), ['would be limit', 'allow']);
  await page.locator('#only').selectOption('limit');
  await page.waitForSelector('text=1 shown of 2');
  await page.locator('#only').selectOption('allow');
  await page.waitForSelector('text=2 shown of 2');
}

export async function campaigns_say_how_a_fleet_is_switched_on(world) {
  const page = await world.page({ role: 'reader', at: '#/t/t/campaigns', expects: '404' });
  assert.match(await text(page, '.empty'), /No fleet is watched .*cms fleet fit.*\[fleet\]/);
  await page.goto(`${world.url}/dashboard/#/t/t/campaigns/0123456789abcdef`);
  await page.waitForSelector('[role=alert]:has-text("(404)")');
}

export async function policy_shows_the_ladder_and_what_another_would_do(world) {
  const page = await world.page({ role: 'analyst', height: 1100, at: '#/t/t/policy', expects: '400' });
  await page.waitForSelector('[aria-label^="The ladder over PoH: review up to .001, limit up to .01"]');
  await page.waitForSelector('td:has-text("nightly regression")');
  const area = page.locator('textarea');
  const inForce = await area.inputValue();
  const trial = inForce.replace('observe = 0.1', 'observe = 0.5').replace('price = 0.05', 'price = 0.4');
  assert.notEqual(trial, inForce);
  await area.fill(trial);
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.waitForSelector('#changed-title');
  const body = JSON.stringify({ policy: trial });
  const headers = { 'Content-Type': 'application/json' };
  const said = await world.api(`${tenant}/backtest`, { method: 'POST', body, headers });
  assert.ok(said.changed.length > 0);
  assert.match(await text(page, '#changed-title'), new RegExp(`^${said.changed.length} account`));
  assert.deepEqual(
    await texts(page, '[aria-labelledby=changed-title] td:first-child'),
    said.changed.map((one) => one.account),
  );
  const shown = await texts(page, '.rungs .number strong');
  assert.deepEqual(
    shown,
    ['allow', 'observe', 'price', 'limit', 'review'].map((one) => count(said.after[one])),
  );
  await world.shot(page, 'policy');
  await area.fill('[policy]\nobserve = "much"\n');
  await page.getByRole('button', { name: 'Try it' }).click();
  assert.match(await text(page, 'form [role=alert]'), /line 2, column \d+/);
}

export async function system_shows_what_the_daemon_says_of_itself(world) {
  const page = await world.page({ role: 'reader', at: '#/system' });
  await page.waitForSelector('text=durable');
  const said = await world.api('/v1/system', { role: 'reader' });
  const engine = await text(page, '[aria-labelledby=engine-title]');
  for (const key of ['received', 'scored', 'shed', 'refused'])
    assert.ok(engine.includes(`${key} ${count(said.engine[key])}`), engine);
  assert.equal(said.engine.received, said.engine.scored + said.engine.shed + said.engine.refused);
  const facts = await text(page, 'main .card');
  assert.ok(facts.includes(said.version) && facts.includes(said.atlas), facts);
  assert.match(await text(page, '[aria-labelledby=latency-title]'), /commit [\d.]+ (µs|ms|s)/);
  await page.waitForTimeout(2500);
  await world.shot(page, 'system');
}
