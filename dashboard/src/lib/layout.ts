// Where the nodes of a graph are drawn: those that are linked near one another, all others apart.
import type { Graph } from './api';

export interface Point {
  x: number;
  y: number;
}

const steps = 120;

/**
 * A force layout after Fruchterman and Reingold (1991) in [-1, 1], from a sunflower's places: the same graph lies the
 * same always. Links pull in proportion to their weight. Cost: 120 steps of all pairs and all links.
 */
export function layout({ accounts, links }: Graph): Point[] {
  const n = accounts.length;
  const at: Point[] = accounts.map((_, i) => {
    const radius = Math.sqrt((i + 0.5) / n);
    return { x: radius * Math.cos(2.399963 * i), y: radius * Math.sin(2.399963 * i) };
  });
  const heaviest = links.reduce((most, [, , weight]) => Math.max(most, weight), 1e-12);
  const distance = 1 / Math.sqrt(Math.max(1, n));
  // A node with many links would be pulled into one point with its neighbours: each link has its share.
  const share = n / Math.max(n, 2 * links.length);
  for (let step = 0; step < steps; step += 1) {
    const force: Point[] = at.map(({ x, y }) => ({ x: -0.05 * x, y: -0.05 * y }));
    const push = (i: number, j: number, size: (apart: number) => number) => {
      const [dx, dy] = [at[i]!.x - at[j]!.x, at[i]!.y - at[j]!.y];
      const apart = Math.max(1e-3, Math.hypot(dx, dy));
      const by = size(apart) / apart;
      force[i]!.x += by * dx;
      force[i]!.y += by * dy;
      force[j]!.x -= by * dx;
      force[j]!.y -= by * dy;
    };
    for (let i = 0; i < n; i += 1) for (let j = 0; j < i; j += 1) push(i, j, (apart) => distance ** 2 / apart);
    for (const [i, j, weight] of links) push(i, j, (apart) => (-share * (weight / heaviest) * apart ** 2) / distance);
    const longest = 0.12 * (1 - step / steps);
    at.forEach((point, i) => {
      const { x, y } = force[i]!;
      const size = Math.max(1e-9, Math.hypot(x, y));
      point.x += (x / size) * Math.min(size, longest);
      point.y += (y / size) * Math.min(size, longest);
    });
  }
  const reach = at.reduce((most, { x, y }) => Math.max(most, Math.abs(x), Math.abs(y)), 1e-9);
  return at.map(({ x, y }) => ({ x: x / reach, y: y / reach }));
}
