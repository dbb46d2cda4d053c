// What every page draws with: text and SVG as strings. `data` is what the page was made of.
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);

// --- text and SVG as strings ----------------------------------------------------------------------------------------

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const safe = (value) => String(value).replace(/[&<>"]/g, (c) => escapes[c]);
const tag = (name, attributes, ...inner) => {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${safe(value)}"`);
  return `<${name}${words.join('')}>${inner.join('')}</${name}>`;
};
const text = (x, y, words, attributes = {}) => tag('text', { x, y, ...attributes }, safe(words));
const centred = (x, y, words) => text(x, y, words, { 'text-anchor': 'middle' });
const ended = (x, y, words, attributes = {}) => text(x, y, words, { 'text-anchor': 'end', ...attributes });
const line = (x1, y1, x2, y2, name) => tag('line', { x1, y1, x2, y2, class: name });
const title = (words) => tag('title', {}, safe(words));
const path = (points, attributes) => {
  if (!points.length) return '';
  return tag('path', { d: 'M' + points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L'), ...attributes });
};
const svg = (width, height, ...inner) => tag('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img' }, ...inner);
const show = (id, html) => { document.getElementById(id).innerHTML = html; };
const fill = (selector, html) => document.querySelectorAll(selector).forEach((place) => { place.innerHTML = html; });

const percent = (share) => `${Math.round(100 * share)}%`;
const number = (value) => {
  if (value >= 0.0995) return value.toFixed(2);
  return value >= 0.001 ? value.toFixed(3) : value.toExponential(0);
};
const linear = (from, to, low, high) => (value) => low + ((value - from) / (to - from)) * (high - low);
const count_to = (most, step) => Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
const last = (list) => list[list.length - 1];

