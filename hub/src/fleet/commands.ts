import { randomUUID } from 'node:crypto';
import {
  type Command,
  type CommandBody,
  FleetError,
  limits,
  type Reply,
  type SignedEnvelope,
  seconds,
} from '@edgewise/protocol';
import type { Clock } from '../clock.ts';
import type { Devices } from './devices.ts';
import type { Identity } from './identity.ts';
import { signDocument } from './sign-document.ts';

/** Commands and their replies. */
export interface Commands {
  send(device: string, body: CommandBody, signal?: AbortSignal): Promise<Reply>;
  /** A reply came; others than those awaited are ignored. */
  receive(device: string, reply: Reply): void;
}

/** What commands need. */
export interface CommandOptions {
  readonly devices: Devices;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly publish: (device: string, envelope: SignedEnvelope) => Promise<void>;
  readonly replyMs?: number;
}

/** Sends commands under rising generations, durable before they are published. */
export function createCommands(options: CommandOptions): Commands {
  const { devices, identity, clock, publish, replyMs = seconds(15) } = options;
  const waiting = new Map<string, (reply: Reply) => void>();
  const keyOf = (device: string, transaction: string) => `${device} ${transaction}`;

  function issue(device: string, transaction: string, body: CommandBody): Promise<SignedEnvelope> {
    return devices.write(async (books) => {
      const stored = await books.find(device);
      if (!stored) throw new FleetError('not-found', `There is no device "${device}".`);
      if (stored.presence.status !== 'online') {
        throw new FleetError('unavailable', `${device} is not connected.`);
      }
      // A hub that was restored from a backup must be heard again.
      const followed = stored.state?.observedCommand ?? 0;
      const generation = Math.max(stored.commandGeneration, followed) + 1;
      const nowMs = clock.now();
      const command: Command = {
        v: 1,
        fleet: identity.fleet,
        device,
        generation,
        transaction,
        issuedAtMs: nowMs,
        expiresAtMs: nowMs + limits.commandLifeMs,
        body,
      };
      await books.change(device, { commandGeneration: generation });
      return signDocument('command', command, identity.signer);
    });
  }

  return {
    async send(device, body, signal) {
      const transaction = randomUUID();
      const key = keyOf(device, transaction);
      const done = new AbortController();
      const reply = Promise.withResolvers<Reply>();
      waiting.set(key, reply.resolve);
      const abort = () => reply.reject(FleetError.from(signal?.reason));
      signal?.addEventListener('abort', abort, { once: true });
      reply.promise.catch(() => undefined);
      try {
        await publish(device, await issue(device, transaction, body));
        const late = clock.sleep(replyMs, done.signal).then(() => {
          throw new FleetError('timeout', `${device} did not reply.`);
        });
        late.catch(() => undefined);
        return await Promise.race([reply.promise, late]);
      } finally {
        waiting.delete(key);
        done.abort();
        signal?.removeEventListener('abort', abort);
      }
    },
    receive(device, reply) {
      waiting.get(keyOf(device, reply.transaction))?.(reply);
    },
  };
}
