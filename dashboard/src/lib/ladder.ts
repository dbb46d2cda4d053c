// The rungs of a policy over PoH (docs/policy.md).
import type { Action, Policy } from './api';

export type Ladder = Policy['ladder'];

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
