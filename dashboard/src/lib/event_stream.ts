// Server-sent events out of a streamed answer (HTML Living Standard 9.2), as far as the dashboard needs them: that
// there was one, and its identifier. An event ends with an empty line; comments are none.

export class EventReader {
  /** Of the last event that was read whole. */
  lastId = '';

  /** Yields once an event, until the answer ends. Errors: those of the stream. */
  async *read(response: Response): AsyncGenerator<void> {
    if (!response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    let id = '';
    let fields = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith(':')) continue;
        if (line.startsWith('id:')) id = line.slice(3).trim();
        fields += line === '' ? 0 : 1;
        if (line !== '' || fields === 0) continue;
        if (id) this.lastId = id;
        [id, fields] = ['', 0];
        yield;
      }
    }
  }
}
