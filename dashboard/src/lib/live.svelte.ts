// The daemon's events (docs/formats/event.md) as they happen, as hints: whoever listens asks anew for what it shows.
// They are read by fetch, since EventSource sends no Authorization. What was missed is asked for with Last-Event-ID;
// where it is no longer there the daemon says `lost`, which is a hint like any other.
import { ApiError, send } from './api';
import { EventReader } from './event_stream';

export type LiveState = 'off' | 'connecting' | 'live' | 'waiting';

const waitLeastMs = 1000;
const waitMostMs = 30_000;

class Live {
  state = $state<LiveState>('off');

  private listeners = new Set<() => void>();
  private aborter: AbortController | null = null;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(token: string, tenant: string): void {
    this.stop();
    this.aborter = new AbortController();
    void this.run(token, tenant, this.aborter.signal);
  }

  stop(): void {
    this.aborter?.abort();
    this.aborter = null;
    this.state = 'off';
  }

  private async run(token: string, tenant: string, signal: AbortSignal): Promise<void> {
    const reader = new EventReader();
    let wait = waitLeastMs;
    while (!signal.aborted) {
      this.state = 'connecting';
      try {
        const headers: Record<string, string> = { Accept: 'text/event-stream' };
        if (reader.lastId) headers['Last-Event-ID'] = reader.lastId;
        const response = await send(token, `/v1/events?tenant=${encodeURIComponent(tenant)}`, { headers, signal });
        this.state = 'live';
        wait = waitLeastMs;
        for await (const _ of reader.read(response)) for (const listener of this.listeners) listener();
      } catch (error) {
        if (signal.aborted) return;
        // A token that is no longer valid is found out by whatever is asked next.
        if (error instanceof ApiError && [401, 403, 404].includes(error.problem.status)) {
          this.state = 'off';
          return;
        }
      }
      if (signal.aborted) return;
      this.state = 'waiting';
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
      wait = Math.min(waitMostMs, wait * 2);
    }
  }
}

export const live = new Live();
