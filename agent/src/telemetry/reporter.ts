import type { DeviceState } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import type { AgentLink } from '../link/agent-link.ts';

interface ReporterParts {
  readonly link: AgentLink;
  readonly clock: Clock;
  readonly fleet: string;
  readonly device: string;
  /** The document as it stands now. */
  readonly state: () => DeviceState;
  /** Changes closer together than this are reported together. */
  readonly quietMs: number;
  /** How often it is looked whether counters moved; an idle device says so every tenth time. */
  readonly heartbeatMs: number;
}

/**
 * Publishes the state document at each connect, at each change, now and then, and at its end.
 */
export interface Reporter extends AsyncDisposable {
  /** Something changed. */
  touch(): void;
}

/** Starts to report. */
export function startReporter(parts: ReporterParts): Reporter {
  const { link, clock, fleet, device } = parts;
  const stopping = new AbortController();
  let due: Promise<void> | undefined;
  let last: Promise<void> = Promise.resolve();
  let sent = '';

  async function send(): Promise<void> {
    if (!link.isConnected) return;
    const state = parts.state();
    sent = essence(state);
    // Without a connection the next one reports.
    await link.publish('state', { fleet, device }, state).catch(() => undefined);
  }

  function flush(): Promise<void> {
    last = last.then(send);
    return last;
  }

  async function later(): Promise<void> {
    await clock.sleep(parts.quietMs, stopping.signal).catch(() => undefined);
    due = undefined;
    if (!stopping.signal.aborted) await flush();
  }

  async function beat(): Promise<void> {
    for (let beats = 1; !stopping.signal.aborted; beats++) {
      await clock.sleep(parts.heartbeatMs, stopping.signal);
      if (essence(parts.state()) !== sent || beats % idleBeats === 0) await flush();
    }
  }

  const ungreet = link.onConnect(() => void flush());
  const beating = beat().catch(() => undefined);

  return {
    touch() {
      due ??= later();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      ungreet();
      await Promise.all([due, beating]);
      await flush();
    },
  };
}

const idleBeats = 10;

/** What is worth a message: all but the time and what moves by itself. */
function essence({ atMs: _at, health, ...state }: DeviceState): string {
  const { uptimeMs: _uptime, rssBytes: _rss, ...counters } = health;
  return JSON.stringify([state, counters]);
}
