import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signEnvelope } from '@edgewise/models/bundle';
import { payloadTypes } from '@edgewise/protocol';
import { createKeyTrust } from '../node/key-trust.ts';
import { createMemoryDisk } from '../slots/memory-disk.ts';
import { aSigner } from '../testing/a-bundle.test.fixture.ts';
import { aTarget } from '../testing/builders.test.fixture.ts';
import { openOrderBook } from './order-book.ts';

const signer = aSigner();
const stranger = aSigner();
const trust = createKeyTrust({
  hubPublicKey: signer.publicKeyPem,
  bundleKeys: [signer.publicKeyPem],
});
const bytesOf = (document: object) => new TextEncoder().encode(JSON.stringify(document));
const signedTarget = (generation: number, by = signer) =>
  signEnvelope(payloadTypes.target, bytesOf(aTarget(1, { generation })), by);
const open = (disk = createMemoryDisk()) =>
  openOrderBook({ disk, trust, addressee: { fleet: 'home', device: 'pi' }, nowMs: () => 1 });

test('an accepted target is durable, so an older one stays stale after a power cut', async () => {
  const disk = createMemoryDisk();
  const book = await open(disk);
  assert.equal((await book.receiveTarget(await signedTarget(5))).verdict, 'accept');
  const next = await open(disk.crashed());
  assert.equal(next.target?.generation, 5);
  assert.equal((await next.receiveTarget(await signedTarget(5))).verdict, 'repeat');
  const older = await next.receiveTarget(await signedTarget(4));
  assert.equal(older.verdict === 'refuse' && older.code, 'generation-stale');
});

test('a target that was changed on the disk is not followed', async () => {
  const disk = createMemoryDisk();
  const forged = await signedTarget(9, stranger);
  await disk.write('orders.json', bytesOf({ v: 1, target: forged, commandGeneration: 0 }));
  assert.equal((await open(disk)).target, undefined);
  await disk.write('orders.json', bytesOf({ nonsense: true }));
  assert.equal((await open(disk)).target, undefined);
});

test('a signed target of another device is not followed from a copied folder', async () => {
  const disk = createMemoryDisk();
  const book = await open(disk);
  await book.receiveTarget(await signedTarget(9));
  const addressee = { fleet: 'home', device: 'other' };
  const other = await openOrderBook({ disk, trust, addressee, nowMs: () => 1 });
  assert.equal(other.target, undefined);
});

test('a signed command is no target, whatever it says', async () => {
  const book = await open();
  const envelope = await signEnvelope(payloadTypes.command, bytesOf(aTarget(1)), signer);
  await assert.rejects(book.receiveTarget(envelope), /\[signature-invalid\]/);
});

test('commands have generations of their own, which survive a restart', async () => {
  const disk = createMemoryDisk();
  const command = async (generation: number) => {
    const { active: _active, policies: _policies, ...order } = aTarget(null, { generation });
    const document = { ...order, transaction: 't', body: { kind: 'ping' } };
    return await signEnvelope(payloadTypes.command, bytesOf(document), signer);
  };
  const book = await open(disk);
  await book.receiveTarget(await signedTarget(7));
  assert.equal((await book.receiveCommand(await command(1))).verdict, 'accept');
  const next = await open(disk.crashed());
  assert.equal(next.commandGeneration, 1);
  assert.equal((await next.receiveCommand(await command(1))).verdict, 'repeat');
  assert.equal((await next.receiveCommand(await command(2))).verdict, 'accept');
});
