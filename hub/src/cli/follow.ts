import { FleetError } from '@edgewise/protocol';
import type { LiveEvent } from '@edgewise/protocol/http';
import type { Client } from '../client/client.ts';
import type { Io } from './io.ts';

/** Something at the hub that takes its time. */
export interface Followed<T> {
  /** As it stands now. */
  look(): Promise<T>;
  isOver(value: T): boolean;
  /** What an event makes of it; the same value for an event of something else. */
  applied(value: T, event: LiveEvent): T;
  /** Called when an event has changed it. */
  show(value: T, before: T): void;
  /** What a person is told who leaves. */
  readonly left: string;
}

/** Shows something until it ends; resolves to how it stands then. Rejects with `canceled` when the person leaves. */
export async function follow<T>(client: Client, io: Io, followed: Followed<T>): Promise<T> {
  const { look, isOver, applied, show, left } = followed;
  const ended = new AbortController();
  let value: T = await look();
  const events = client.events({
    signal: AbortSignal.any([io.signal, ended.signal]),
    // It may have ended before its events stood. A look that fails is no answer: there is another
    // one when they stand again.
    onOpen: () =>
      void look().then(
        (now) => isOver(now) && ended.abort(),
        () => undefined,
      ),
  });
  for await (const event of events) {
    const before = value;
    // After a gap in the events, as of a hub that was started again, only a look knows.
    value = event.kind === 'reset' ? await look().catch(() => before) : applied(before, event);
    if (value !== before) show(value, before);
    if (isOver(value)) ended.abort();
  }
  if (io.signal.aborted) throw new FleetError('canceled', left);
  return look();
}

/** What has succeeded, or else throws why it has not. */
export function succeeded<
  T extends { readonly id: string; readonly status: string; readonly error: Fault | null },
>(what: string, ended: T): T {
  if (ended.status === 'done') return ended;
  const { code, detail } = ended.error ?? {};
  throw new FleetError(code ?? 'canceled', detail ?? `${what} ${ended.id} is ${ended.status}.`);
}

type Fault = {
  readonly code: ConstructorParameters<typeof FleetError>[0];
  readonly detail: string;
};
