// Draws the report. `data` is what page_data() in report_page.cpp makes; every picture is a function that returns SVG.

// --- accounts -------------------------------------------------------------------------------------------------------

const accounts = data.accounts;
const attackers = accounts.filter((one) => one.attacker);
const honest = accounts.filter((one) => !one.attacker);
const requests_max = Math.max(...accounts.map((one) => one.poh.length));
const side = (one) => (one.attacker ? 'attacker' : 'honest');
const lowest_first = (a, b) => (a.poh_min ?? 1) - (b.poh_min ?? 1);
const by_coverage = (a, b) => last(a.coverage) - last(b.coverage);

accounts.forEach((one) => {
  const alike = accounts.filter((other) => other.kind === one.kind && other.attacker === one.attacker);
  one.label = one.kind || one.account;
  if (alike.length > 1) one.label += ` ${alike.indexOf(one) + 1}`;
});

function what_it_asked(one) {
  const requests = `${one.poh.length} requests`;
  if (one.fields.length === 0) return requests;
  return `${requests}, ${one.fields.length <= 2 ? one.fields.join(' and ') : `${one.fields.length} fields`}`;
}

// --- PoH over time --------------------------------------------------------------------------------------------------

const kPohFloor = 1e-4;  // lines that go lower run along the floor: so far down the tail is extrapolated
const log_axis = (top, bottom) => (poh) =>
  top + (Math.log10(Math.max(poh, kPohFloor)) / Math.log10(kPohFloor)) * (bottom - top);
const curve_of = (one, x, y) => one.poh.flatMap((poh, i) => (poh === null ? [] : [[x(i + 1), y(poh)]]));

function notice_dot(one, x, y, r) {
  if (one.noticed_at === null) return '';
  return tag('circle', { cx: x(one.noticed_at), cy: y(one.poh[one.noticed_at - 1]), r, class: 'dot' });
}

// Names beside the ends of curves, moved apart until they are `gap` from one another.
function end_labels(list, ends, x, gap, top, bottom) {
  const labels = list.map((one, i) => ({ one, end: ends[i], at: ends[i][1] })).sort((a, b) => a.at - b.at);
  labels.forEach((label, i) => { label.at = Math.max(label.at, i ? labels[i - 1].at + gap : top); });
  let limit = bottom;
  [...labels].reverse().forEach((label) => {
    label.at = Math.min(label.at, limit);
    limit = label.at - gap;
  });
  const draw = ({ one, end, at }) => tag('g', { class: side(one) },
    path([end, [x - 22, at], [x - 6, at]], { class: 'leader' }), text(x, at + 4, one.label, { class: 'name' }));
  return labels.map(draw).join('');
}

function requests_axis(x, y) {
  return count_to(requests_max, 16).map((n) => centred(x(n), y + 18, n)).join('') +
    centred(x(requests_max / 2), y + 38, 'requests of the account');
}

function over_time() {
  const [width, height, left, right, top, bottom] = [1180, 470, 64, 1010, 18, 428];
  const x = linear(0, requests_max, left, right);
  const y = log_axis(top, bottom);
  const rungs = [[1, '1'], [0.1, '.1'], [0.01, '.01'], [0.001, '.001'], [kPohFloor, '\u2264 .0001']];
  const { observe, price, flagged } = data.thresholds;
  const limits = [[observe, 'observed'], [price, 'noticed: priced'], [flagged, 'flagged']];
  const list = [...honest, ...attackers].filter((one) => one.poh_min !== null);
  const curves = list.map((one) => curve_of(one, x, y));
  const draw = (one, i) => tag('g', { class: side(one) }, title(`${one.account}, lowest PoH ${number(one.poh_min)}`),
    path(curves[i], { class: 'curve', 'stroke-width': one.attacker ? 2.4 : 1.5, opacity: one.attacker ? 0.95 : 0.7 }),
    notice_dot(one, x, y, 5));
  return svg(width, height,
    tag('rect', { x: left, y: top, width: x(data.min_requests) - left, height: bottom - top, class: 'early' }),
    text(left + 10, bottom - 12, 'too early to say'),
    ...rungs.map(([poh, words]) => line(left, y(poh), right, y(poh), 'axis') + ended(left - 8, y(poh) + 4, words)),
    ...limits.map(([poh, words]) =>
      line(left, y(poh), right, y(poh), 'limit') + text(left + 10, y(poh) - 5, `${words}, PoH \u2264 ${poh}`)),
    requests_axis(x, bottom),
    ...list.map(draw),
    end_labels(list, curves.map(last), right + 34, 16, top + 4, bottom));
}

// --- one small picture an account -----------------------------------------------------------------------------------

// The channels of one account as bars after one another, `length` in all.
function reason_bars(one, x, y, length, height) {
  let at = x;
  return data.channels.map((channel, i) => {
    const width = one.reasons[i] * length;
    at += width;
    return tag('rect', { x: at - width, y, width, height, style: `fill:var(--${channel})` },
      title(`${channel} ${percent(one.reasons[i])}`));
  }).join('');
}

function main_reasons(one) {
  const main = data.channels.map((channel, i) => [one.reasons[i], channel]).sort((a, b) => b[0] - a[0]).slice(0, 2);
  return main.filter(([share]) => share >= 0.1).map(([share, channel]) => `${channel} ${percent(share)}`).join(', ');
}

function fate_of(one) {
  if (one.poh_min === null) return 'too few requests to say anything';
  const lowest = `lowest PoH <b>${number(one.poh_min)}</b>`;
  const reasons = safe(main_reasons(one) || 'none');
  if (one.noticed_at === null) return `never noticed, ${lowest}<br>what little evidence: ${reasons}`;
  const flagged = one.flagged_at === null ? ', never flagged' : `, flagged after <b>${one.flagged_at}</b>`;
  return `noticed after <b>${one.noticed_at}</b> requests${flagged}; ${lowest}<br>by ${reasons}`;
}

function account_card(one) {
  const [width, height, top] = [270, 92, 4];
  const x = linear(0, requests_max, 0, width);
  const y = log_axis(top, height);
  const curve = curve_of(one, x, y);
  const under = curve.length ? [[curve[0][0], height], ...curve, [last(curve)[0], height]] : [];
  const { price, flagged } = data.thresholds;
  return tag('div', { class: `account ${side(one)}` },
    tag('h3', {}, safe(one.label)), tag('p', {}, safe(what_it_asked(one))),
    svg(width, height + 4,
      ...[price, flagged].map((poh) => line(0, y(poh), width, y(poh), 'limit')), path(under, { class: 'under' }),
      path(curve, { class: 'curve', 'stroke-width': 2 }), notice_dot(one, x, y, 4.5),
      line(0, height, width, height, 'axis')),
    tag('div', { class: one.noticed_at === null ? 'quiet' : '' }, svg(width, 10, reason_bars(one, 0, 0, width, 10))),
    tag('p', {}, fate_of(one)));
}

// --- the map --------------------------------------------------------------------------------------------------------

const kMapSize = 560;

// Places by rank along each direction, so that crowds do not hide one another; then circles push each other apart.
function lay_out(charts) {
  const ranks = [0, 1].map((axis) => {
    const order = charts.map((_, i) => i).sort((a, b) => charts[a][axis] - charts[b][axis]);
    return charts.map((_, i) => 40 + ((order.indexOf(i) + 0.5) / order.length) * (kMapSize - 80));
  });
  const largest = Math.max(...charts.map(([, , mass]) => mass), 1e-9);
  const scale = Math.min(1, 9 / Math.sqrt(charts.length));
  const places = charts.map(([, , mass], i) =>
    ({ x: ranks[0][i], y: ranks[1][i], r: scale * (5 + 25 * Math.sqrt(mass / largest)) }));
  const inside = (value, r) => Math.min(kMapSize - r - 4, Math.max(r + 4, value));
  for (let round = 0; round < 300; ++round) {
    places.forEach((a, i) => places.slice(0, i).forEach((b) => {
      const [dx, dy] = [a.x - b.x, a.y - b.y];
      const distance = Math.hypot(dx, dy) || 1e-6;
      const push = Math.max(0, a.r + b.r + 4 - distance) / 2 / distance;
      [a.x, a.y, b.x, b.y] = [a.x + dx * push, a.y + dy * push, b.x - dx * push, b.y - dy * push];
    }));
    places.forEach((place) => {
      [place.x, place.y] = [inside(place.x, place.r), inside(place.y, place.r)];
    });
  }
  return places;
}

const places = lay_out(data.charts);

function map_of(one) {
  const visits = places.map(() => 0);
  one.charts.forEach((chart) => { visits[chart] += 1; });
  const seen = visits.filter((count) => count).length;
  const circle = (i) => {
    const { x, y, r } = places[i];
    const place = { cx: x.toFixed(1), cy: y.toFixed(1), r: r.toFixed(1) };
    const mass = (100 * data.charts[i][2]).toFixed(1);
    const words = title(`chart ${i}: ${mass}% of honest traffic, ${visits[i]} requests`);
    if (!visits[i]) return tag('circle', { ...place, class: 'chart' }, words);
    const opacity = Math.min(0.85, 0.25 + 0.12 * visits[i]);
    return tag('circle', { ...place, class: 'visited', 'fill-opacity': opacity }, words);
  };
  const caption = `${one.label}: ${seen} of ${visits.length} charts (${percent(seen / visits.length)}) in ` +
    `${one.charts.length} requests`;
  return svg(kMapSize, kMapSize + 26, tag('g', { class: side(one) },
    ...places.map((_, i) => circle(i)),
    path(one.charts.map((chart) => [places[chart].x, places[chart].y]), { class: 'way' }),
    text(4, kMapSize + 20, caption, { class: 'title' })));
}

// --- persistence ----------------------------------------------------------------------------------------------------

// Left: the scales at which H0 merges. Right: H1 by birth and death, zoomed to where loops are.
function diagram_of(one, range) {
  const [size, top, bottom, strip, left] = [560, 30, 386, 46, 176];
  const all = linear(0, range.high, bottom, top);
  const x = linear(range.low, range.high, left, size - 16);
  const y = linear(range.low, range.high, bottom, top);
  const grid = count_to(range.high, 0.1).filter((s) => s >= range.low);
  return svg(size, bottom + 66, tag('g', { class: side(one) },
    text(strip, top - 12, 'groups merge'), text(left, top - 12, 'loops: death over birth'),
    ...count_to(range.high, 0.25).map((s) =>
      line(strip, all(s), strip + 60, all(s), 'axis') + ended(strip - 8, all(s) + 4, s)),
    ...one.h0.map(([, death]) => line(strip + 8, all(death), strip + 52, all(death), 'merge')),
    ...grid.map((s) => line(x(s), top, x(s), bottom, 'axis') + line(left, y(s), size - 16, y(s), 'axis') +
      centred(x(s), bottom + 18, s.toFixed(1)) + ended(left - 8, y(s) + 4, s.toFixed(1))),
    line(x(range.low), y(range.low), x(range.high), y(range.high), 'limit'),
    ...one.h1.map(([birth, death]) =>
      tag('circle', { cx: x(birth), cy: y(death), r: 4.5, class: 'loop' }, title(`loop from ${birth} to ${death}`))),
    centred((left + size) / 2, bottom + 37, 'scale (chord length; two unrelated requests lie 1.41 apart)'),
    text(4, bottom + 62, `${one.label}: ${one.h0.length} merges, ${one.h1.length} loops`, { class: 'title' })));
}

// --- coverage -------------------------------------------------------------------------------------------------------

function coverage() {
  const [width, height, left, right, top, bottom] = [590, 470, 44, 480, 12, 424];
  const band = data.honest_band.filter(([n]) => n <= requests_max);
  const highest = Math.max(0.1, ...accounts.map((one) => last(one.coverage)), ...band.map(last));
  const x = linear(0, requests_max, left, right);
  const y = linear(0, highest * 1.04, bottom, top);
  const edge = (k) => band.map((entry) => [x(entry[0]), y(entry[k])]);
  const area = (low, high) => path([...edge(high), ...edge(low).reverse()], { class: 'band' });
  const curves = accounts.map((one) => one.coverage.map((share, i) => [x(i + 1), y(share)]));
  const draw = (one, i) => tag('g', { class: side(one) }, title(one.account), path(curves[i],
    { class: 'curve', 'stroke-width': one.attacker ? 2.2 : 1.2, opacity: one.attacker ? 0.95 : 0.6 }));
  const ends = attackers.map((one) => last(curves[accounts.indexOf(one)]));
  return svg(width, height,
    ...count_to(highest, 0.1).map((share) =>
      line(left, y(share), right, y(share), 'axis') + ended(left - 8, y(share) + 4, percent(share))),
    requests_axis(x, bottom), area(1, 5), area(2, 4), path(edge(3), { class: 'median' }),
    ...accounts.map(draw), end_labels(attackers, ends, right + 34, 16, top, bottom));
}

// --- reasons --------------------------------------------------------------------------------------------------------

function reasons() {
  const [width, left, top, row] = [590, 112, 26, 25];
  const list = [...accounts].sort((a, b) => b.evidence - a.evidence);
  const limits = Object.entries(data.evidence_at).filter((entry) => last(entry) !== null)
    .sort((a, b) => last(a) - last(b));
  const most = Math.max(1, ...list.map((one) => one.evidence), ...limits.map(last));
  const length = (evidence) => Math.sqrt(evidence / most) * (width - left - 14);
  const bottom = top + row * list.length;
  const draw = (one, i) => tag('g', { class: side(one) },
    ended(left - 8, top + row * i + 15, one.label, { class: 'name' }),
    reason_bars(one, left, top + row * i + 3, length(one.evidence), row - 8));
  // The stricter limit lies to the right; its name too, for the two may be near.
  const limit = ([poh, evidence], i) => {
    const x = left + length(evidence);
    const anchor = { 'text-anchor': i ? 'start' : 'end' };
    return line(x, top - 6, x, bottom, 'limit') + text(x, top - 10, `PoH ${poh}`, anchor);
  };
  return svg(width, bottom + 8, ...list.map(draw), ...limits.map(limit));
}

// --- the page -------------------------------------------------------------------------------------------------------

function head() {
  const [a, h] = [data.attackers, data.honest];
  const total = accounts.reduce((sum, one) => sum + one.poh.length, 0);
  const { price, flagged } = data.thresholds;
  const card = (name, value, words) =>
    tag('div', { class: `card ${name}` }, tag('b', {}, safe(value)), tag('span', {}, safe(words)));
  show('verdict', `Noticed: <span class="attacker">${a.noticed} of ${a.accounts} attackers</span>, ` +
    `<span class="honest">${h.noticed} of ${h.accounts} honest accounts</span>`);
  show('lead', safe(`${accounts.length} accounts sent ${total} requests to ${data.model}; one hidden-activation ` +
    `vector a request is all that was looked at. Noticed means Proof-of-Humanity (PoH) \u2264 ${price}, where the ` +
    `default policy begins to charge more; by chance that may befall ${(price * h.accounts).toFixed(1)} of ` +
    `${h.accounts} honest accounts.`));
  show('cards', [
    card('attacker', a.median_noticed ?? 'none', 'requests until an attacker was noticed, in the median'),
    card('attacker', `${a.flagged} of ${a.accounts}`, `attackers flagged (PoH \u2264 ${flagged})`),
    card('honest', `${h.flagged} of ${h.accounts}`,
      `honest accounts flagged; chance allows ${(flagged * h.accounts).toFixed(1)}`),
    card('', data.ranking_accounts, `honest calibration accounts rank every score, up to ${data.horizon} requests`),
  ].join(''));
  fill('.price', price);
  fill('.window', data.window);
  const swatch = (name) => `<span><i style="background:var(--${name})"></i>${name}</span>`;
  fill('.legend', data.channels.map(swatch).join(''));
  const agreement = data.agreement === null
    ? '' : ` Live rows agree with the shipped ones: median cosine ${data.agreement.toFixed(5)}.`;
  show('footer', safe(`Atlas ${data.atlas}, ${data.charts.length} charts, window ${data.window}. ` +
    'Accounts are composed from generated prompts; they show how the instrument works, not how often it is right.' +
    agreement));
}

// Fills a list of accounts to choose from; returns what gives the chosen one.
function pick(id, list, first) {
  const select = document.getElementById(id);
  select.innerHTML = list.map((one, i) => tag('option', { value: i }, safe(one.label))).join('');
  select.selectedIndex = Math.max(0, list.indexOf(first));
  select.onchange = compare;
  return () => list[select.selectedIndex];
}

// At first the honest account of median coverage, and of the attackers that were flagged the widest.
const typical = [...honest].sort(by_coverage)[Math.floor(honest.length / 2)];
const widest = [...attackers].sort((a, b) => (a.flagged_at === null) - (b.flagged_at === null) || by_coverage(b, a))[0];
const picked_honest = pick('pick_honest', honest, typical);
const picked_attacker = pick('pick_attacker', attackers, widest);

function compare() {
  const pair = [['honest', picked_honest()], ['attacker', picked_attacker()]].filter(([, one]) => one);
  const loops = pair.flatMap(([, one]) => one.h1);
  const deaths = [...loops, ...pair.flatMap(([, one]) => one.h0)].map(last);
  const range = { low: Math.min(1, ...loops.map(([birth]) => birth)) - 0.05, high: Math.max(1, ...deaths) + 0.03 };
  pair.forEach(([name, one]) => {
    show(`map_${name}`, map_of(one));
    show(`diagram_${name}`, diagram_of(one, range));
  });
}

head();
show('over_time', over_time());
show('accounts', [...[...attackers].sort(lowest_first), ...[...honest].sort(lowest_first)].map(account_card).join(''));
show('coverage', coverage());
show('reasons', reasons());
compare();
