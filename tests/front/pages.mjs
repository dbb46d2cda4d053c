// Looks at every page of the dashboard: pages.mjs WORLD.json. A line of JSON for each check and each goal.
import { readFileSync } from 'node:fs';
import { World } from './browser.mjs';
import * as campaigns from './check_campaigns.mjs';
import * as decisions from './check_decisions.mjs';
import * as figures from './check_figures.mjs';
import * as session from './check_session.mjs';
import * as shown from './check_shown.mjs';

const world = new World(JSON.parse(readFileSync(process.argv[2], 'utf8')));
await world.open();

async function run(name, check) {
  const begun = Date.now();
  const line = { check: name.replaceAll('_', ' '), ok: true };
  const visit = world.visit();
  try {
    const goals = await check(visit);
    for (const goal of goals ?? []) console.log(JSON.stringify(goal));
  } catch (error) {
    Object.assign(line, { ok: false, error: error.stack });
  }
  await visit.leave();
  console.log(JSON.stringify({ ...line, ms: Date.now() - begun }));
}

async function all(checks) {
  for (const [name, check] of Object.entries(checks)) await run(name, check);
}

// Pages are looked at before people's decisions and a late attacker change what they show; what is measured is alone.
if (world.campaign) {
  await all(campaigns);
} else {
  await Promise.all([all(session), all(shown)]);
  await all(figures);
  await all(decisions);
}
await run('nothing_was_complained_of_in_the_console', async () => {
  if (world.complaints.length > 0) throw new Error(world.complaints.join('\n'));
});
await world.browser.close();
