// The daemon's events (docs/formats/event.md) as they happen. They are read by fetch, since EventSource sends no
// Authorization. What was missed is asked for with Last-Event-ID; where it is no longer there the daemon says `lost`,
// which counts as an event like any other: whoever listens asks for what it shows anew.
import { ApiError, send, type Action } from './api';
import { EventReader } from './event_stream';

export interface LiveEvent {
  kind: string;
  time: number;
  account: string | null;
  name?: string;
  poh: number | null;
  before: Action | null;
  action: Action | null;
}

export type LiveState = 'off' | 'connecting' | 'live' | 'waiting';

const waitLeastMs = 1000;
const waitMostMs = 30_000;

class Live {
  state = $state<LiveState>('off');
  /** The newest changes of action, newest first. */
  recent = $state.raw<LiveEvent[]>([]);

  private listeners = new Set<(event: LiveEvent) => void>();
  private aborter: AbortController | null = null;

  subscribe(listener: (event: LiveEvent) => void): () => void {
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
    this.recent = [];
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
        for await (const event of reader.read(response)) this.tell(event.kind, event.data);
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

  private tell(kind: string, data: string): void {
    let event: LiveEvent;
    try {
      event = { ...(JSON.parse(data || '{}') as LiveEvent), kind };
    } catch {
      return;
    }
    if (kind === 'action_changed') this.recent = [event, ...this.recent].slice(0, 20);
    for (const listener of this.listeners) listener(event);
  }
}

export const live = new Live();
