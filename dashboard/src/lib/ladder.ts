// The rungs of a policy over PoH (docs/policy.md).
import type { Action, Ladder } from './api';

export type { Ladder };

export const usual: Ladder = { observe: 0.1, price: 0.05, limit: 0.01, review: 0.001 };

/** The harshest rung whose threshold `poh` does not exceed. */
export function rungOf(poh: number, ladder: Ladder): Action {
  if (poh <= ladder.review) return 'review';
  if (poh <= ladder.limit) return 'limit';
  if (poh <= ladder.price) return 'price';
  return poh <= ladder.observe ? 'observe' : 'allow';
}

/** Where `poh` lies on a logarithmic scale from .0005 (0) to 1 (1). */
export function position(poh: number): number {
  const least = Math.log(0.0005);
  return Math.min(1, Math.max(0, (Math.log(Math.max(poh, 1e-9)) - least) / -least));
}

const drawn = new WeakMap<Ladder, string>();

/** The line of a meter with a tick at each threshold, as a background image; made once for a ladder. */
export function ticks(ladder: Ladder): string {
  const known = drawn.get(ladder);
  if (known !== undefined) return known;
  const percent = (threshold: number) => (100 * position(threshold)).toFixed(1);
  const marks = Object.values(ladder).map((threshold) => {
    const at = percent(threshold);
    return `linear-gradient(90deg, transparent calc(${at}% - .5px), var(--edge) 0 calc(${at}% + .5px), transparent 0)`;
  });
  const line = 'linear-gradient(transparent 4px, var(--rule) 0 6px, transparent 0)';
  const made = [...marks, line].join(', ');
  drawn.set(ladder, made);
  return made;
}
