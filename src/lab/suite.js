// Draws the lab's report. `data` is what page() in suite_page.cpp makes; pictures are the kinds of outcome.hpp.

const kColours = ['#4e79a7', '#d2452b', '#76a854', '#8f6bb5', '#f0a02e', '#12807a', '#d0679a', '#96735b', '#8b959e',
  '#c9b400', '#3b4cc0', '#00a2c7'];
const kGravity = ['#8c1c13', '#d2452b', '#f0a02e', '#f6dd8f', '#c9d3d6'];  // of stacked parts, gravest first
const kHonestColours = ['#12807a', '#43bfb4', '#5b8f2e', '#a3b845', '#2c6e91', '#7a8b8b', '#1f4e4a', '#9fc5b0'];

// --- axes -----------------------------------------------------------------------------------------------------------

function place(axis, low, high) {
  if (!axis.logarithmic) return linear(axis.least, axis.greatest, low, high);
  const along = linear(Math.log10(axis.least), Math.log10(axis.greatest), low, high);
  return (value) => along(Math.log10(Math.max(axis.least, value)));
}

function ticks(axis) {
  if (axis.logarithmic) {
    const first = Math.ceil(Math.log10(axis.least) - 1e-9);
    const count = Math.floor(Math.log10(axis.greatest) + 1e-9) - first + 1;
    return Array.from({ length: count }, (_, i) => 10 ** (first + i));
  }
  const rough = (axis.greatest - axis.least) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough - 1e-12);
  const from = Math.ceil(axis.least / step - 1e-9);
  const to = Math.floor(axis.greatest / step + 1e-9);
  return Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
}

const short = (value) => String(Number(value.toPrecision(3)));

// --- kinds of pictures ----------------------------------------------------------------------------------------------

function curves(plot) {
  const width = 620, left = 52, right = 400, top = 12, bottom = 300;
  const x = place(plot.x, left, right), y = place(plot.y, bottom, top);
  const inner = [];
  for (const value of ticks(plot.x)) {
    inner.push(line(x(value), top, x(value), bottom, 'grid-line'), text(x(value), bottom + 15, short(value),
      { 'text-anchor': 'middle', class: 'tick' }));
  }
  for (const value of ticks(plot.y)) {
    inner.push(line(left, y(value), right, y(value), 'grid-line'),
      text(left - 6, y(value) + 4, short(value), { 'text-anchor': 'end', class: 'tick' }));
  }
  inner.push(text((left + right) / 2, bottom + 34, plot.x.label, { 'text-anchor': 'middle', class: 'label' }),
    text(0, 0, plot.y.label,
      { transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)`, 'text-anchor': 'middle', class: 'label' }));
  const seen = { honest: 0, other: 0 };
  plot.curves.forEach((curve, i) => {
    const list = curve.honest ? kHonestColours : kColours;
    const index = curve.honest ? seen.honest++ : seen.other++;
    const colour = curve.name === 'attackers' ? '#d2452b' : list[index % list.length];
    const name = index >= list.length ? 'series dashed' : 'series';
    const points = curve.points.filter(([, value]) => value !== null).map(([at, value]) => [x(at), y(value)]);
    const legend = top + 10 + 15 * i;
    inner.push(...(curve.dots ? points.map(([cx, cy]) => tag('circle', { cx, cy, r: 2.5, fill: colour, opacity: 0.6 })) :
      [path(points, { class: name, stroke: colour }).replace('</path>', `${title(curve.name)}</path>`)]),
      path([[right + 14, legend - 4], [right + 32, legend - 4]], { class: name, stroke: colour }),
      text(right + 38, legend, curve.name, { class: 'tick' }));
  });
  return svg(width, Math.max(bottom + 42, top + 20 + 15 * plot.curves.length), ...inner);
}

function bars(plot) {
  const longest = Math.max(...plot.bars.map((bar) => bar.name.length), 0);
  const width = 620, left = Math.min(400, Math.max(210, 20 + 6.4 * longest)), right = 600;
  const row = 20, top = plot.parts.length > 1 ? 26 : 8;
  const x = place(plot.x, left, right);
  const bottom = top + row * plot.bars.length;
  const colours = plot.parts.length > 1 ? kGravity : kColours;
  const inner = ticks(plot.x).flatMap((value) => [line(x(value), top, x(value), bottom, 'grid-line'),
    text(x(value), bottom + 14, short(value), { 'text-anchor': 'middle', class: 'tick' })]);
  inner.push(text((left + right) / 2, bottom + 31, plot.x.label, { 'text-anchor': 'middle', class: 'label' }));
  plot.bars.forEach((bar, i) => {
    const at = top + row * i;
    inner.push(text(left - 8, at + 14, bar.name, { 'text-anchor': 'end', class: 'bar-name' }));
    let from = plot.x.logarithmic ? plot.x.least : 0;
    bar.values.forEach((value, part) => {
      const to = plot.x.logarithmic ? value : from + (value ?? 0);
      const begin = Math.min(x(from), x(to));
      inner.push(tag('rect', { x: begin.toFixed(1), y: at + 3, width: Math.abs(x(to) - x(from)).toFixed(1),
        height: row - 6, fill: colours[part % colours.length] },
      title(`${bar.name}${plot.parts.length > 1 ? `, ${plot.parts[part]}` : ''}: ${short(value ?? 0)}`)));
      from = to;
    });
  });
  if (plot.parts.length > 1) {
    plot.parts.forEach((name, part) => {
      const at = left + (part * (right - left)) / plot.parts.length;
      inner.push(tag('rect', { x: at, y: 6, width: 10, height: 10, fill: colours[part % colours.length] }),
        text(at + 14, 15, name, { class: 'tick' }));
    });
  }
  return svg(width, bottom + 38, ...inner);
}

// Dots and the lines between them; a group's look is a class of suite.css.
function graph(plot) {
  const width = 620, top = 54, bottom = 430, edge = 28;
  const x = linear(0, 1, edge, width - edge), y = linear(0, 1, bottom, top);
  const inner = plot.links.map(([a, b]) => line(x(plot.dots[a][0]).toFixed(1), y(plot.dots[a][1]).toFixed(1),
    x(plot.dots[b][0]).toFixed(1), y(plot.dots[b][1]).toFixed(1), 'graph-link'));
  for (const [at, up, group, area] of plot.dots) {
    const { look, name } = plot.groups[group];
    inner.push(tag('circle', { cx: x(at).toFixed(1), cy: y(up).toFixed(1), r: (3.6 * Math.sqrt(area)).toFixed(1),
      class: `graph-dot ${look}` }, title(name)));
  }
  let from = 14;
  for (const { name, look, count } of plot.groups.filter((group) => group.count)) {
    const words = `${name}: ${count}`;
    inner.push(tag('circle', { cx: from, cy: 10, r: 5, class: `graph-dot ${look}` }),
      text(from + 10, 14, words, { class: 'bar-name' }));
    from += 30 + 6.4 * words.length;
  }
  return svg(width, bottom + edge, ...inner);
}

const kDraw = { curves, bars, graph };
const picture = (plot) => `<div><h3>${safe(plot.title)}</h3><p>${safe(plot.says)}</p>` +
  `<figure>${kDraw[plot.kind](plot)}</figure></div>`;

// --- the page -------------------------------------------------------------------------------------------------------

const figure = (value) => (value === null || value === undefined ? '-' : short(value));
const verdict = (holds) => (holds === null ? '<td></td>' : holds ? '<td class="yes">holds</td>' :
  '<td class="no">does not</td>');
const goal_row = (goal) => `<tr><td>${safe(goal.what.replace(/^[a-z-]+: /, ''))}</td>` +
  `<td class="figure">${figure(goal.figure)}</td><td>${safe(goal.goal)}</td>${verdict(goal.holds)}</tr>`;

// An experiment a line; who wants its goals opens it, those that do not hold first.
function goals_of(step) {
  const goals = step.goals.filter((goal) => goal.holds !== null);
  if (!goals.length) return '';
  const held = goals.filter((goal) => goal.holds).length;
  const bar = `<span class="held" title="${held} of ${goals.length} hold">` +
    `<i style="width:${(100 * held) / goals.length}%"></i></span>`;
  return `<details class="goals"><summary>${bar}<b>${held} of ${goals.length}</b> ${safe(step.title)}</summary>` +
    `<table class="goals">${[...goals].sort((a, b) => a.holds - b.holds).map(goal_row).join('')}</table>` +
    `<p><a href="#${safe(step.name)}">its pictures, what was tried, its table</a></p></details>`;
}

// The first picture of the first experiments that have one: what the lab is about, before any table.
const kLeading = 4;
const leading = () => data.steps.filter((step) => step.plots.length).slice(0, kLeading)
  .map((step) => picture(step.plots[0])).join('');

function step_section(step) {
  const head = `<h2>${safe(step.title)}</h2><p><code class="command">cms lab run ${safe(step.command)}</code></p>`;
  if (step.error) return `<section id="${safe(step.name)}">${head}<p class="error">not run: ${safe(step.error)}</p></section>`;
  const failing = step.failing.length === 0 ? '' : '<table class="goals"><tr><th>goal that fails</th><th>tried</th>' +
    '<th>why</th></tr>' + step.failing.map((one) => `<tr><td>${safe(one.goal)}</td><td>${safe(one.tried)}</td>` +
    `<td>${safe(one.why)}</td></tr>`).join('') + '</table>';
  const often = step.configurations === 1 ? 'one configuration' : `${step.configurations} configurations`;
  return `<section id="${safe(step.name)}">${head}<p class="note">${Math.round(step.seconds)} seconds; ${often} ` +
    `of it ever run in this folder</p>${failing}<div class="plots">${step.plots.map(picture).join('')}</div>` +
    `<details><summary>the table, and which texts served what</summary><pre>${safe(step.table)}</pre></details></section>`;
}

const judged = data.held + data.failed;
const broken = data.steps.filter((step) => step.error).length;
show('title', safe(data.title));
show('lead', `${data.held} of ${judged} goals hold. ${data.failed ? 'Open an experiment to see which do not.' : ''}`);
show('cards', [[data.held, 'goals hold'], [data.failed, 'goals do not'], [data.reported, 'figures without a goal'],
  [broken, 'experiments not run']].map(([count, words]) =>
  `<div class="card"><b>${count}</b><span>${words}</span></div>`).join(''));
show('goals', data.steps.map(goals_of).join(''));
show('leading', leading());
show('steps', data.steps.map(step_section).join(''));
show('footer', '<p class="note">Made by <code>cms lab run goals</code>. Every experiment noted which texts it took for ' +
  'what; docs/lab says why.</p>');
