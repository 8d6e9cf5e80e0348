import { type PackedBundle, type Signer, signEnvelope, splitBlocks } from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import {
  type BundleRef,
  type Command,
  type CommandBody,
  days,
  type Link,
  type Message,
  type MissingParts,
  minutes,
  payloadTypes,
  type Target,
} from '@edgewise/protocol';

/** The hub's end of the contract, as little of it as an agent needs. */
export interface FakeHub {
  readonly states: Message<'state'>[];
  readonly events: Message<'event'>[];
  readonly presences: Message<'presence'>[];
  readonly replies: Message<'reply'>[];
  /** Blocks that were sent, by digest. */
  readonly sent: Map<string, number>;
  /** Asks the device to run a bundle; each call has a higher generation. */
  aim(active: BundleRef | null, changes?: Partial<Target>, forger?: Signer): Promise<Target>;
  command(body: CommandBody, changes?: Partial<Command>): Promise<void>;
  /** Lets devices fetch the files of a bundle. */
  offer(bundle: PackedBundle): void;
  /** Spoils blocks on their way; `undefined` loses the block. */
  spoil?: (block: Uint8Array, index: number) => Uint8Array | undefined;
}

export interface FakeHubOptions {
  readonly signer: Signer;
  readonly fleet: string;
  readonly device: string;
  readonly nowMs?: () => number;
}

/** Starts a hub for one device over a link of its own. */
export async function startFakeHub(link: Link, options: FakeHubOptions): Promise<FakeHub> {
  const { signer, fleet, device } = options;
  const nowMs = options.nowMs ?? (() => Date.now());
  const params = { fleet, device };
  const files = new Map<string, Uint8Array>();
  const laned = new Set<string>();
  let generation = 0;
  let commands = 0;

  const hub: FakeHub = {
    states: [],
    events: [],
    presences: [],
    replies: [],
    sent: new Map(),
    offer(bundle) {
      for (const bytes of bundle.files.values()) files.set(sha256(bytes), bytes);
    },
    async aim(active, changes = {}, forger = signer) {
      const target: Target = {
        v: 1,
        fleet,
        device,
        generation: ++generation,
        issuedAtMs: nowMs(),
        expiresAtMs: nowMs() + days(30),
        active,
        policies: { predictions: 'qos0', outboxBytes: 1_000_000 },
        ...changes,
      };
      await link.publish('target', params, await sign('target', target, forger));
      return target;
    },
    async command(body, changes = {}) {
      const command: Command = {
        v: 1,
        fleet,
        device,
        generation: ++commands,
        transaction: `t${commands}`,
        issuedAtMs: nowMs(),
        expiresAtMs: nowMs() + minutes(5),
        body,
        ...changes,
      };
      await link.publish('command', params, await sign('command', command, signer));
    },
  };

  function sign(kind: 'target' | 'command', document: object, by: Signer) {
    const bytes = new TextEncoder().encode(JSON.stringify(document));
    return signEnvelope(payloadTypes[kind], bytes, by);
  }

  async function answerNeed({ digest, missing }: MissingParts): Promise<void> {
    const bytes = files.get(digest);
    if (bytes === undefined) return;
    const blocks = splitBlocks(bytes);
    if (!laned.has(digest)) {
      laned.add(digest);
      const sizeBytes = bytes.length;
      const offer = { v: 1, blob: digest, lane: 'l1', sizeBytes, blocks: blocks.length };
      await link.publish('offer', params, offer);
      return;
    }
    for (const index of missing) {
      const block = blocks[index] ?? new Uint8Array();
      const spoiled = hub.spoil === undefined ? block : hub.spoil(block, index);
      hub.sent.set(digest, (hub.sent.get(digest) ?? 0) + 1);
      if (spoiled === undefined) continue;
      await link.publish('blob', { fleet, digest, lane: 'l1', block: `${index}` }, spoiled);
    }
  }

  await link.subscribe('state', params, (state) => hub.states.push(state));
  const known = new Set<number>();
  await link.subscribe('event', params, (event) => {
    // Without a watermark every connection brings them again.
    if (!known.has(event.sequence)) hub.events.push(event);
    known.add(event.sequence);
  });
  await link.subscribe('presence', params, (presence) => hub.presences.push(presence));
  await link.subscribe('reply', params, (reply) => hub.replies.push(reply));
  await link.subscribe('need', params, (need) => void answerNeed(need));
  return hub;
}
