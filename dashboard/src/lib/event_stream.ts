// Server-sent events out of a streamed answer (HTML Living Standard 9.2), as far as the daemon sends them: lines end
// with \n or \r\n; `retry` is passed over.

export interface StreamEvent {
  kind: string;
  data: string;
}

export class EventReader {
  /** Of the last event that was read whole. */
  lastId = '';

  async *read(response: Response): AsyncGenerator<StreamEvent> {
    const body = response.body;
    if (!body) return;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    let event = { kind: 'message', data: [] as string[], id: '' };
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      for (const raw of lines) {
        const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
        if (line !== '') {
          this.field(line, event);
          continue;
        }
        if (event.id) this.lastId = event.id;
        if (event.data.length > 0 || event.kind !== 'message') yield { kind: event.kind, data: event.data.join('\n') };
        event = { kind: 'message', data: [], id: '' };
      }
    }
  }

  private field(line: string, event: { kind: string; data: string[]; id: string }): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event.kind = value;
    else if (name === 'data') event.data.push(value);
    else if (name === 'id') event.id = value;
  }
}
