// Chromium under the control of Playwright, and the daemon beside it: what the checks of pages.mjs are written with.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const dashboard = createRequire(fileURLToPath(new URL('../../dashboard/package.json', import.meta.url)));
const { chromium } = dashboard('playwright-core');
const axeSource = readFileSync(dashboard.resolve('axe-core/axe.min.js'), 'utf8');

const flags = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export class World {
  /** What the page complained of in its console, over the whole run. */
  complaints = [];

  constructor(settings) {
    Object.assign(this, settings);
  }

  async open() {
    this.browser = await chromium.launch({ executablePath: this.chromium, args: flags });
  }

  /** The daemon's own answer, parsed: what pages are held against. */
  async api(path, { role = 'admin', method = 'GET', body, headers = {} } = {}) {
    const all = { Authorization: `Bearer ${this.tokens[role]}`, ...headers };
    const response = await fetch(this.url + path, { method, body, headers: all });
    return response.status === 204 ? null : response.json();
  }

  /** The same world for one check, which closes the pages that it has opened. */
  visit() {
    return Object.assign(Object.create(this), { contexts: [] });
  }

  async leave() {
    for (const context of this.contexts) await context.close();
  }

  /** A page of a browser of its own, signed in where a role is given. `expects` is part of what its console says. */
  async page({ role = null, theme = 'light', width = 1280, height = 900, at = '#/t/t/overview', expects } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: theme });
    this.contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.complaints.push(error.stack));
    page.on('console', (message) => {
      const expected = expects && message.text().includes(expects);
      if (/error|warning/.test(message.type()) && !expected) this.complaints.push(message.text());
    });
    if (role) {
      await page.addInitScript((token) => {
        if (!sessionStorage.getItem('test.begun')) sessionStorage.setItem('cms.token', token);
        sessionStorage.setItem('test.begun', '1');
      }, this.tokens[role]);
    }
    await page.goto(`${this.url}/dashboard/${at}`);
    return page;
  }

  async shot(page, name) {
    await page.screenshot({ path: `${this.out}/${name}.png` });
  }

  /** What axe finds on the page that is serious or critical, a line a finding. */
  async axe(page) {
    // Not as a script of the page, which its Content-Security-Policy forbids, but by the debugger.
    await page.evaluate(axeSource);
    const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations', 'passes'] }));
    if (result.passes.length < 10) throw new Error('axe has looked at nothing');
    const grave = result.violations.filter((one) => ['serious', 'critical'].includes(one.impact));
    return grave.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).join(' | ')}`);
  }
}

/** The text of an element without the white space that only lays it out. */
export async function text(page, selector) {
  return (await page.locator(selector).first().innerText()).replace(/\s+/g, ' ').trim();
}

export async function texts(page, selector) {
  return (await page.locator(selector).allInnerTexts()).map((one) => one.replace(/\s+/g, ' ').trim());
}

/** Waits until `look` gives something true, and gives it. */
export async function until(look, what, seconds = 15) {
  const end = Date.now() + 1000 * seconds;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`it did not come to that: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const count = (value) => new Intl.NumberFormat('en').format(value);

/** PoH as the dashboard writes it, from the API's number. */
export function poh(value) {
  if (value >= 0.995) return '1';
  if (value < 0.0001) return '<.0001';
  return value.toFixed(value < 0.01 ? 4 : value < 0.1 ? 3 : 2).slice(1);
}

/** That something is drawn: more than two colours. */
export async function ink(page, selector) {
  await until(
    () =>
      page
        .locator(selector)
        .first()
        .evaluate((canvas) => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return new Set(new Uint32Array(data.buffer)).size > 2;
        }),
    `${selector} is drawn`,
  );
}
