/** One dispatched server-sent event. */
export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Turns chunks of text into events as they complete; what is unfinished waits for the next chunk. */
export interface SseDecoder {
  /** Lines that were only comments (heartbeats) give no events. */
  push(chunk: string): readonly ServerSentEvent[];
}

/** Incremental reader of `text/event-stream` (WHATWG HTML 9.2.6). */
export function createSseDecoder(): SseDecoder {
  let rest = '';
  let id = '';
  let event = '';
  let data: string[] = [];

  const field = (name: string, value: string) => {
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
  };
  const line = (text: string): ServerSentEvent | undefined => {
    if (text === '') {
      const complete =
        data.length > 0 ? { id, event: event || 'message', data: data.join('\n') } : undefined;
      event = '';
      data = [];
      return complete;
    }
    const colon = text.indexOf(':');
    if (colon === 0) return undefined;
    if (colon < 0) field(text, '');
    else field(text.slice(0, colon), text.slice(colon + 1).replace(/^ /, ''));
    return undefined;
  };

  return {
    push(chunk) {
      const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      return lines.map(line).filter((each) => each !== undefined);
    },
  };
}
