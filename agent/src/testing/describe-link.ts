import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from '@edgewise/protocol';
import type { AgentLink } from '../link/agent-link.ts';
import type { OnUnreadable } from '../link/subscriptions.ts';
import { eventually } from './eventually.ts';

/** Two ends of one broker, and what a test must be able to do to them. */
export interface LinkPair extends AsyncDisposable {
  readonly agent: AgentLink;
  readonly hub: AgentLink;
  /** Takes the agent's connection away; a link comes back by itself, or when `restore` says so. */
  interrupt(): void;
  restore(): void;
  /** Sends bytes that no link would. */
  inject(topic: string, bytes: Uint8Array): Promise<void>;
}

const params = { fleet: 'home', device: 'pi' };
const offer = (lane: string): Message<'offer'> => ({
  v: 1,
  blob: 'a'.repeat(64),
  lane,
  sizeBytes: 1,
  blocks: 1,
});

/** The promises of every link; `create` gives a connected pair. */
export function describeLink(
  name: string,
  create: (onUnreadable: OnUnreadable) => Promise<LinkPair>,
): void {
  const withPair = async (
    work: (pair: LinkPair, unreadable: string[]) => Promise<void>,
  ): Promise<void> => {
    const unreadable: string[] = [];
    await using pair = await create((_topic, _bytes, error) => unreadable.push(error.code));
    await work(pair, unreadable);
  };

  describe(`link: ${name}`, () => {
    test('messages arrive in the order in which they were published', () =>
      withPair(async ({ agent, hub }) => {
        const lanes: string[] = [];
        await agent.subscribe('offer', params, (message) => lanes.push(message.lane));
        const wanted = Array.from({ length: 20 }, (_, index) => `l${index}`);
        for (const lane of wanted) await hub.publish('offer', params, offer(lane));
        await eventually(() => lanes.length === wanted.length);
        assert.deepEqual(lanes, wanted);
      }));

    test('a value that is not given matches anything, and is told to the handler', () =>
      withPair(async ({ agent, hub }) => {
        const parts: string[] = [];
        const digest = 'b'.repeat(64);
        await hub.subscribe('sample', { fleet: 'home' }, (_bytes, where) =>
          parts.push(`${where.device} ${where.part}`),
        );
        await agent.publish('sample', { ...params, digest, part: '7' }, Uint8Array.of(1));
        await eventually(() => parts.length === 1);
        assert.deepEqual(parts, ['pi 7']);
      }));

    test('bytes that cannot be read go to onUnreadable and to no handler', () =>
      withPair(async ({ agent, inject }, unreadable) => {
        const seen: unknown[] = [];
        await agent.subscribe('offer', params, (message) => seen.push(message));
        await inject('edgewise/home/device/pi/offer', new TextEncoder().encode('{"v":1'));
        await inject('edgewise/home/device/pi/offer', new TextEncoder().encode('{"v":99}'));
        await inject('edgewise/home/device/pi/offer', new Uint8Array(40_000));
        await eventually(() => unreadable.length === 3);
        assert.deepEqual(unreadable, ['malformed', 'newer-version', 'too-large']);
        assert.deepEqual(seen, []);
      }));

    test('an ended subscription receives nothing more', () =>
      withPair(async ({ agent, hub }) => {
        const seen: string[] = [];
        const other: string[] = [];
        const end = await agent.subscribe('offer', params, (message) => seen.push(message.lane));
        await agent.subscribe('offer', params, (message) => other.push(message.lane));
        await end();
        await hub.publish('offer', params, offer('l1'));
        await eventually(() => other.length === 1);
        assert.deepEqual(seen, []);
      }));

    test('a retained message reaches who subscribes later', () =>
      withPair(async ({ agent, hub }) => {
        const presence = { v: 1, status: 'online', instance: 'i', session: 1, atMs: 1 } as const;
        await agent.publish('presence', params, presence);
        const seen: string[] = [];
        await hub.subscribe('presence', params, (message) => seen.push(message.status));
        await eventually(() => seen.length === 1);
      }));

    test('while the connection is away publish is unavailable, and subscriptions outlive it', () =>
      withPair(async ({ agent, hub, interrupt, restore }) => {
        const seen: string[] = [];
        let greetings = 0;
        await agent.subscribe('offer', params, (message) => seen.push(message.lane));
        agent.onConnect(() => greetings++);
        assert.equal(greetings, 1);
        const { session } = agent;
        interrupt();
        await eventually(() => !agent.isConnected);
        await assert.rejects(agent.publish('offer', params, offer('l1')), /\[unavailable\]/);
        restore();
        await eventually(() => greetings === 2);
        assert.ok(agent.session > session);
        await hub.publish('offer', params, offer('l2'));
        await eventually(() => seen.includes('l2'));
      }));

    test('after closing every call is unavailable, and closing twice is harmless', () =>
      withPair(async ({ agent }) => {
        await agent[Symbol.asyncDispose]();
        await agent[Symbol.asyncDispose]();
        await assert.rejects(agent.publish('offer', params, offer('l1')), /\[unavailable\]/);
        await assert.rejects(
          agent.subscribe('offer', params, () => undefined),
          /\[unavailable\]/,
        );
      }));
  });
}
