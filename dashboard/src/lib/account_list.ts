// All accounts of a tenant, fetched page after page in the background, filtered and in order.
//
// The daemon lists accounts in an order of its own, so order and filter are made here. Pages are sorted and wait
// until they are a quarter of what is shown, then are merged in at the cost of one pass: so a hundred thousand come
// with some thirty passes. Nothing is sorted anew but when another order is chosen.
import { tenantPath, type AccountPage, type Action, type Listed } from './api';
import { ask } from './session.svelte';

export type Order = 'poh' | 'account' | 'requests' | 'time';

export interface Filter {
  text: string;
  /** In force, or what would be without shadow mode. */
  action: Action | null;
}

const pageSize = 500;

export class AccountList {
  /** What is shown: those that pass the filter, in order. Replaced, never changed in place. */
  shown: Listed[] = [];
  all: Listed[] = [];
  done = false;

  private waiting: Listed[] = [];
  private cursor: string | null = null;
  private filter: Filter = { text: '', action: null };
  private order: Order = 'poh';
  private descending = false;

  constructor(private readonly tenant: string) {}

  /** Fetches the next page. Errors: ApiError; asking again goes on where it stopped. */
  async next(signal: AbortSignal): Promise<void> {
    if (this.done) return;
    const cursor = this.cursor === null ? '' : `&cursor=${this.cursor}`;
    const page = await ask<AccountPage>(tenantPath(this.tenant, `/accounts?limit=${pageSize}${cursor}`), { signal });
    this.all.push(...page.accounts);
    const fresh = page.accounts.filter((one) => this.passes(one)).sort((a, b) => this.compare(a, b));
    this.waiting = this.merged(this.waiting, fresh);
    this.cursor = page.cursor;
    this.done = page.cursor === null;
    if (this.done || this.waiting.length * 4 >= this.shown.length) {
      this.shown = this.merged(this.shown, this.waiting);
      this.waiting = [];
    }
  }

  arrange(filter: Filter, order: Order, descending: boolean): void {
    this.filter = { ...filter, text: filter.text.trim().toLowerCase() };
    this.order = order;
    this.descending = descending;
    this.waiting = [];
    this.shown = this.all.filter((one) => this.passes(one)).sort((a, b) => this.compare(a, b));
  }

  private passes(one: Listed): boolean {
    const { action } = this.filter;
    if (action !== null && one.action !== action && one.would_be !== action) return false;
    return this.filter.text === '' || one.account.toLowerCase().includes(this.filter.text);
  }

  // Those of whom nothing is known come last in either direction.
  private compare(a: Listed, b: Listed): number {
    const [left, right] = [a[this.order] ?? null, b[this.order] ?? null];
    if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
    const sign = left < right ? -1 : left > right ? 1 : 0;
    return this.descending ? -sign : sign;
  }

  private merged(left: Listed[], right: Listed[]): Listed[] {
    if (right.length === 0) return left;
    const into: Listed[] = new Array(left.length + right.length);
    for (let i = 0, j = 0, k = 0; k < into.length; k += 1) {
      const takeLeft = j >= right.length || (i < left.length && this.compare(left[i]!, right[j]!) <= 0);
      into[k] = takeLeft ? left[i++]! : right[j++]!;
    }
    return into;
  }
}
