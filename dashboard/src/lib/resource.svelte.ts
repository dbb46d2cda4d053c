// Something that the daemon knows, kept current while its component is there. To be made while a component is set up.
//
// While a newer answer is awaited the older one stays; what fails is said beside it. Nothing is asked while the page is
// hidden. A path of null asks nothing.
import { untrack } from 'svelte';
import { ApiError, type Problem } from './api';
import { live } from './live.svelte';
import { ask } from './session.svelte';

export interface Refresh {
  /** Asks again after so many seconds; never where it is not given. */
  everyS?: number;
  /** Asks again soon after an event of the daemon, at most every `gapS` seconds. */
  onEvents?: boolean;
  gapS?: number;
  /** How the browser's cache is used. */
  cache?: RequestCache;
}

export class Resource<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(false);

  private path: string | null = null;
  private aborter: AbortController | null = null;
  private timer = 0;
  private askedAt = 0;

  constructor(
    path: () => string | null,
    private readonly refresh: Refresh = {},
  ) {
    $effect(() => {
      const wanted = path();
      untrack(() => {
        if (wanted !== this.path) this.value = null;
        this.path = wanted;
        this.problem = null;
        void this.load();
      });
      const visible = () => document.hidden || void this.load();
      document.addEventListener('visibilitychange', visible);
      const unsubscribe = refresh.onEvents ? live.subscribe(() => this.soon()) : () => {};
      return () => {
        document.removeEventListener('visibilitychange', visible);
        unsubscribe();
        this.aborter?.abort();
        clearTimeout(this.timer);
        this.timer = 0;
      };
    });
  }

  async load(): Promise<void> {
    if (this.path === null) return;
    this.aborter?.abort();
    const aborter = new AbortController();
    this.aborter = aborter;
    this.askedAt = performance.now();
    this.loading = true;
    try {
      const value = await ask<T>(this.path, { signal: aborter.signal, cache: this.refresh.cache });
      if (aborter.signal.aborted) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (aborter.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.problem = error.problem;
    }
    this.loading = false;
    if (this.refresh.everyS !== undefined) this.later(this.refresh.everyS * 1000);
  }

  /** Asks again, but not more often than every `gapS` seconds. */
  soon(): void {
    const gap = (this.refresh.gapS ?? 2) * 1000;
    this.later(Math.max(250, this.askedAt + gap - performance.now()));
  }

  private dueAt = 0;

  private later(delay: number): void {
    const due = performance.now() + delay;
    if (this.timer && this.dueAt <= due) return;
    clearTimeout(this.timer);
    this.dueAt = due;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      if (!document.hidden) void this.load();
    }, delay);
  }
}
