import { FleetError } from '@edgewise/protocol/errors';
import type { LiveEvent } from '@edgewise/protocol/http';
import type { Client } from './client.ts';
import { createSseDecoder } from './sse.ts';

/** Whether what the pages show is being kept up to date. */
export interface LiveStatus {
  readonly state: 'connecting' | 'open' | 'broken';
  /** When this state began. */
  readonly sinceMs: number;
}

/** The event stream, read for as long as somebody is signed in. */
export interface Live {
  readonly status: () => LiveStatus;
  /** Calls back at each change of status; returns how to stop that. */
  subscribe(listener: () => void): () => void;
  /** Reads until the signal aborts, and resumes after each break. Rejects only with `unauthenticated` or `expired`. */
  run(signal: AbortSignal): Promise<void>;
}

interface LiveOptions {
  readonly client: Client;
  readonly onEvent: (event: LiveEvent) => void;
  /** A stream that starts without a place to resume from: what was fetched before may be old. */
  readonly onFresh: () => void;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Silence after which the stream counts as broken; the hub sends a heartbeat every 15 s. */
  readonly silenceMs?: number;
}

const firstPauseMs = 500;
const longestPauseMs = 8_000;

/** A live event stream with resume and growing pauses between attempts. */
export function createLive(options: LiveOptions): Live {
  const listeners = new Set<() => void>();
  let status: LiveStatus = { state: 'connecting', sinceMs: options.now() };
  let lastId = '';

  const enter = (state: LiveStatus['state']) => {
    if (status.state === state) return;
    status = { state, sinceMs: options.now() };
    for (const listener of listeners) listener();
  };

  const read = async (signal: AbortSignal) => {
    const watch = watchdog(signal, options.silenceMs ?? 45_000);
    try {
      const stream = await options.client.events(lastId, watch.signal);
      if (lastId === '') options.onFresh();
      enter('open');
      const decoder = createSseDecoder();
      const reader = stream
        .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
        .getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        watch.feed();
        for (const each of decoder.push(value)) {
          lastId = each.id;
          options.onEvent(JSON.parse(each.data) as LiveEvent);
        }
      }
    } finally {
      watch.stop();
    }
  };

  return {
    status: () => status,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async run(signal) {
      let pauseMs = firstPauseMs;
      while (!signal.aborted) {
        try {
          await read(signal);
          pauseMs = firstPauseMs;
        } catch (thrown) {
          const { code } = FleetError.from(thrown);
          if (!signal.aborted && (code === 'unauthenticated' || code === 'expired')) throw thrown;
        }
        if (signal.aborted) return;
        enter('broken');
        await options.sleep(pauseMs, signal);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    },
  };
}

/** Aborts when nothing feeds it for a while, or when the outer signal aborts. */
function watchdog(outer: AbortSignal, silenceMs: number) {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silenceMs);
  return {
    signal: AbortSignal.any([outer, silent.signal]),
    feed() {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silenceMs);
    },
    stop: () => clearTimeout(timer),
  };
}
