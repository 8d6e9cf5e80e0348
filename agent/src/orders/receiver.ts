import {
  type Command,
  FleetError,
  type Reply,
  type SignedEnvelope,
  seconds,
} from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import type { AgentLink } from '../link/agent-link.ts';
import type { OrderBook } from './order-book.ts';

/** What a command leads to; `lines` for logs. */
export interface CommandResult {
  readonly detail?: string;
  readonly lines?: readonly string[];
}

interface ReceiverParts {
  readonly link: AgentLink;
  readonly fleet: string;
  readonly device: string;
  readonly orders: OrderBook;
  readonly clock: Clock;
  readonly nowMs: () => number;
  /** The target changed. */
  readonly onTarget: () => void;
  /** Carries a command out; what it throws becomes the reply. */
  readonly obey: (command: Command) => Promise<CommandResult>;
  /** An order was refused or could not be read. */
  readonly onRefused: (channel: 'target' | 'command', error: FleetError) => void;
}

/** Pause before a target that found no room on the disk is taken again. */
const pauseMs = seconds(30);

/** Receives signed orders one after another. Resolves to what ends it. */
export async function createReceiver(parts: ReceiverParts): Promise<AsyncDisposable> {
  const { link, fleet, device, orders } = parts;
  const params = { fleet, device };
  const stopping = new AbortController();
  let last: Promise<void> = Promise.resolve();

  async function takeTarget(envelope: SignedEnvelope): Promise<void> {
    const received = await orders.receiveTarget(envelope);
    if (received.verdict === 'accept') parts.onTarget();
    if (received.verdict === 'refuse') throw new FleetError(received.code, received.detail);
  }

  async function takeCommand(envelope: SignedEnvelope): Promise<void> {
    const received = await orders.receiveCommand(envelope);
    if (received.verdict === 'refuse') throw new FleetError(received.code, received.detail);
    if (received.verdict === 'repeat') return;
    const { transaction } = received.order;
    const facts = await answerTo(received.order);
    const reply: Reply = { v: 1, transaction, atMs: parts.nowMs(), ...facts };
    await link.publish('reply', params, reply);
  }

  async function answerTo(command: Command): Promise<Omit<Reply, 'v' | 'transaction' | 'atMs'>> {
    try {
      const { detail, lines } = await parts.obey(command);
      const shortLines = lines?.map((line) => line.slice(0, 400));
      return { ok: true, ...(detail && { detail }), ...(shortLines && { lines: shortLines }) };
    } catch (thrown) {
      const { code, reason } = FleetError.from(thrown);
      return { ok: false, code, detail: reason.slice(0, 500) };
    }
  }

  function enqueue(channel: 'target' | 'command', work: () => Promise<void>): void {
    last = last.then(work).catch((thrown: unknown) => {
      const error = FleetError.from(thrown);
      parts.onRefused(channel, error);
      // The broker brings a target once; one that only found no room is taken again.
      if (channel === 'target' && error.code === 'disk-full') void again(work);
    });
  }

  async function again(work: () => Promise<void>): Promise<void> {
    try {
      await parts.clock.sleep(pauseMs, stopping.signal);
      enqueue('target', work);
    } catch {
      // The agent stops.
    }
  }

  const unsubscribe = await Promise.all([
    link.subscribe('target', params, (envelope) => enqueue('target', () => takeTarget(envelope))),
    link.subscribe('command', params, (envelope) =>
      enqueue('command', () => takeCommand(envelope)),
    ),
  ]);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all(unsubscribe.map((end) => end().catch(() => undefined)));
      await last;
    },
  };
}
