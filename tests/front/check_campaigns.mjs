// Campaigns, on a daemon whose fleet has found one: each page shows what the API says.
import assert from 'node:assert/strict';
import { count, ink, poh, text, texts, until } from './browser.mjs';

const tenant = '/v1/tenants/t';
const at = (world) => `#/t/t/campaigns/${world.campaign}`;

export async function the_list_shows_campaigns_and_the_fleet(world) {
  const page = await world.page({ role: 'reader', at: '#/t/t/overview' });
  await page.getByRole('link', { name: 'Campaigns' }).click();
  await page.waitForSelector('tbody tr');
  const said = await world.api(`${tenant}/campaigns`);
  assert.deepEqual(
    await texts(page, 'tbody a'),
    said.campaigns.map((one) => one.id),
  );
  const [first] = said.campaigns;
  const row = await text(page, 'tbody tr');
  assert.ok(row.startsWith(`${first.id} ${poh(first.poh)} ${first.accounts} ${count(first.requests)}`), row);
  assert.ok(row.includes('flagged') && row.endsWith(first.action), row);
  assert.ok((await text(page, 'dl')).includes(`watched ${count(said.accounts)}`));
  await world.shot(page, 'campaigns');
  await page.getByRole('button', { name: 'released' }).click();
  await page.waitForSelector('text=There are none.');
}

export async function a_campaign_shows_evidence_members_graph_and_coverage(world) {
  const page = await world.page({ role: 'reader', height: 1500, at: at(world), expects: 'getImageData' });
  await page.waitForSelector('.members tbody tr');
  const said = await world.api(`${tenant}/campaigns/${world.campaign}?limit=200`);
  const map = await world.api('/v1/atlas/map');
  assert.equal(await text(page, '.score .big'), poh(said.campaign.poh));
  assert.equal(await text(page, '.words'), said.campaign.words);
  assert.deepEqual(
    await texts(page, '.members td:first-child'),
    said.members.map((one) => one.account),
  );
  assert.deepEqual(
    await texts(page, '.members td:nth-child(2)'),
    said.members.map((one) => (one.poh === null ? '–' : poh(one.poh))),
  );
  assert.deepEqual(
    await texts(page, '.members td:nth-child(3)'),
    said.members.map((one) => one.action),
  );
  const { accounts, links } = said.graph;
  await page.waitForSelector(`[role=img][aria-label="${accounts.length} members and ${count(links.length)} links."]`);
  await page.waitForSelector(
    `[role=img][aria-label^="${said.covered.length} charts of ${map.charts.length} visited"]`,
  );
  const graph = 'figure:has-text("Members and links")';
  await ink(page, `${graph} canvas`);
  await ink(page, 'figure:has-text("Coverage together") canvas');
  await world.shot(page, 'campaign');
  await page.locator(`${graph} summary`).click();
  assert.deepEqual(await texts(page, `${graph} td:first-child`), accounts);
}

export async function pointer_and_keys_name_a_member_and_open_it(world) {
  const page = await world.page({ role: 'reader', height: 1500, at: at(world) });
  const graph = page.locator('figure:has-text("Members and links")');
  const canvas = graph.locator('canvas');
  const box = await canvas.boundingBox();
  const said = await world.api(`${tenant}/campaigns/${world.campaign}`);
  const { accounts, links } = said.graph;
  const named = async () => (await graph.getByRole('status').innerText()).trim();
  // The whole picture is gone over, so that every member is named, each at one place alone.
  const found = new Set();
  for (let y = 8; y < box.height; y += 12) {
    for (let x = box.width / 2 - box.height / 2; x < (box.width + box.height) / 2; x += 12) {
      await page.mouse.move(box.x + x, box.y + y);
      const name = (await named()).split(':')[0];
      if (accounts.includes(name)) found.add(name);
    }
  }
  assert.deepEqual([...found].sort(), accounts.toSorted());
  await graph.getByRole('group', { name: 'Members' }).focus();
  await page.mouse.move(0, 0);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  const own = links.filter(([from, to]) => from === 1 || to === 1).length;
  await until(async () => (await named()).startsWith(`${accounts[1]}: ${own} link`), 'a key names a member');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`h1:has-text("${accounts[1]}")`);
  const back = page.getByRole('link', { name: `campaign ${world.campaign}` });
  await back.click();
  await page.waitForSelector(`h1:has-text("${world.campaign}")`);
}

export async function axe_finds_nothing_serious_on_campaigns(world) {
  const found = [];
  for (const theme of ['light', 'dark']) {
    for (const [place, ready] of [
      ['#/t/t/campaigns', 'tbody tr'],
      [at(world), '.members tbody tr'],
    ]) {
      const page = await world.page({ role: 'analyst', theme, at: place });
      await page.waitForSelector(ready);
      found.push(...(await world.axe(page)).map((one) => `${place}, ${theme}: ${one}`));
      await page.setViewportSize({ width: 800, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 800, `${place} is ${wide} px wide at 800`);
    }
  }
  assert.deepEqual(found, []);
}
