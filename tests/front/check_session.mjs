// Signing in and out, what each role sees, and the keys.
import assert from 'node:assert/strict';
import { text, texts, until } from './browser.mjs';

export async function a_token_signs_in_stays_in_the_tab_and_goes_with_it(world) {
  const page = await world.page({ expects: '401' });
  await page.getByLabel('Access token').fill('cms_0000000000000000_nothing');
  await page.getByRole('button', { name: 'Sign in' }).click();
  assert.match(await text(page, '[role=alert]'), /\(401\)/);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('cms.token')), null);
  await world.shot(page, 'sign-in-refused');
  await page.getByLabel('Access token').fill(world.tokens.admin);
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("Overview")');
  assert.equal(await page.evaluate(() => sessionStorage.getItem('cms.token')), world.tokens.admin);
  const elsewhere = await page.evaluate(() => JSON.stringify(localStorage) + document.cookie + location.href);
  assert.ok(!elsewhere.includes('cms_'), elsewhere);
  await page.reload();
  await page.waitForSelector('h1:has-text("Overview")');
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByLabel('Access token').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Access token').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('cms.token')), null);
  await page.reload();
  await page.getByLabel('Access token').waitFor();
}

export async function a_link_with_a_token_signs_in_and_the_address_forgets_it(world) {
  const page = await world.page({ at: `#token=${world.tokens.reader}` });
  await page.waitForSelector('h1:has-text("Overview")');
  assert.ok(!page.url().includes('cms_'), page.url());
  const entries = await page.evaluate(() => history.length);
  await page.goBack();
  assert.ok(entries > 0 && !page.url().includes('cms_'), page.url());
}

export async function a_tap_is_told_that_it_sees_nothing(world) {
  const page = await world.page();
  await page.getByLabel('Access token').fill(world.tokens.tap);
  await page.keyboard.press('Enter');
  assert.match(await text(page, '[role=alert]'), /for a tap/);
}

export async function a_reader_of_one_tenant_sees_no_system_and_decides_nothing(world) {
  const page = await world.page({ role: 'own' });
  await page.waitForSelector('h1:has-text("Overview")');
  assert.deepEqual(await texts(page, 'nav a'), ['Overview', 'Review queue', 'Accounts', 'Campaigns', 'Policy']);
  assert.equal(await page.locator('#tenant').count(), 0);
  await page.goto(`${world.url}/dashboard/#/system`);
  await page.waitForSelector('text=needs a token of all tenants');
  await page.goto(`${world.url}/dashboard/#/t/t/policy`);
  await page.waitForSelector('text=needs a token of an analyst');
  assert.equal(await page.locator('textarea').count(), 0);
  await page.goto(`${world.url}/dashboard/#/t/t/accounts/attacker-naive-000`);
  await page.waitForSelector('text=Nobody has said what it is');
  assert.equal(await page.getByRole('button', { name: 'extracting' }).count(), 0);
  assert.equal(await page.getByRole('button', { name: 'Override' }).count(), 0);
  // Nor by key.
  await page.goto(`${world.url}/dashboard/#/t/t/queue`);
  await page.waitForSelector('[role=option]');
  const before = await world.api('/v1/tenants/t/queue');
  await page.keyboard.press('h');
  await page.waitForTimeout(300);
  assert.deepEqual(
    (await world.api('/v1/tenants/t/queue')).accounts.map((one) => one.label),
    before.accounts.map((one) => one.label),
  );
}

export async function another_tenant_can_be_chosen_and_is_empty(world) {
  const page = await world.page({ role: 'admin' });
  await page.locator('#tenant').selectOption('other');
  await page.waitForSelector('text=of other');
  assert.match(await text(page, '.fell'), /None since/);
  await page.goto(`${world.url}/dashboard/#/t/other/queue`);
  await page.waitForSelector('text=Nothing waits');
  await page.goto(`${world.url}/dashboard/#/t/other/accounts`);
  await page.waitForSelector('text=No account yet');
}

export async function everything_is_reached_by_keyboard(world) {
  const page = await world.page({ role: 'admin' });
  await page.waitForSelector('h1:has-text("Overview")');
  for (const [keys, title] of [
    ['gq', 'Review queue'],
    ['ga', 'Accounts'],
    ['gp', 'Policy'],
    ['gs', 'System'],
    ['go', 'Overview'],
  ]) {
    for (const key of keys) await page.keyboard.press(key);
    await page.waitForSelector(`h1:has-text("${title}")`);
  }
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  await world.shot(page, 'help');
  await page.keyboard.press('Escape');
  await until(async () => (await page.locator('dialog').count()) === 0, 'the help closes');
  await page.keyboard.press('/');
  await page.keyboard.type('honest-power-000');
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:has-text("honest-power-000")');
  // By Tab: the way past the header first, then every page, and where one is is seen.
  await page.reload();
  await page.waitForSelector('h1');
  await until(async () => (await page.locator('.waiting').count()) === 0, 'the page has what it asked for');
  const reached = [];
  for (let i = 0; i < 14; i += 1) {
    await page.keyboard.press('Tab');
    reached.push(
      await page.evaluate(() => {
        const at = document.activeElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        return {
          name: at.ariaLabel ?? at.innerText ?? at.id,
          seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
        };
      }),
    );
  }
  const names = reached.map((one) => one.name);
  for (const name of ['To the content', 'Overview', 'Review queue', 'System', 'Keys and words', 'Sign out']) {
    assert.ok(names.includes(name), `${name} is not among ${names}`);
  }
  assert.deepEqual(
    reached.filter((one) => !one.seen).map((one) => one.name),
    [],
  );
}

export async function an_account_that_is_not_there_is_said_to_be_so(world) {
  const page = await world.page({ role: 'reader', at: '#/t/t/accounts/nobody', expects: '404' });
  assert.match(await text(page, '[role=alert]'), /\(404\)/);
}

export async function the_theme_is_the_systems_until_one_is_chosen(world) {
  const page = await world.page({ role: 'reader', theme: 'dark' });
  await page.waitForSelector('.uplot canvas');
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const drawn = () => page.locator('.field canvas').evaluate((canvas) => canvas.toDataURL());
  const [dark, darkPicture] = [await paper(), await drawn()];
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  assert.notEqual(await paper(), dark);
  await until(async () => (await drawn()) !== darkPicture, 'pictures are drawn again');
  const light = await paper();
  await page.reload();
  await page.waitForSelector('h1');
  assert.equal(await paper(), light);
}
