import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fingerprintOf, generateKey, publicKeyOf } from '@edgewise/models/crypto';
import { createDeviceClock } from '../node/device-clock.ts';
import { type HubDoorOptions, openHubDoor, secret } from '../testing/hub-door.test.fixture.ts';
import { enrol } from './enrol.ts';
import { askHubTime } from './hub-time.ts';
import { readIdentity, readKey } from './identity.ts';
import { formatToken, parseToken } from './token.ts';

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-enrol-'));
  folders.push(folder);
  return path.join(folder, 'device');
}

const options = (folder: string) =>
  ({ folder, deviceClass: 'x64', agentVersion: '0.1.0' }) as const;
const aDoor = (changes: Partial<HubDoorOptions> = {}) =>
  openHubDoor({ key: generateKey(), ...changes });

test('a token is read back as it was written, and nonsense is refused', () => {
  const token = { url: 'https://hub:8443', secret, fingerprint: 'a'.repeat(64) };
  assert.deepEqual(parseToken(`  ${formatToken(token)}\n`), token);
  const text = formatToken(token);
  for (const wrong of ['', 'ew2.abc', text.slice(0, -9), `${text}x`, 'ew1.e30']) {
    assert.throws(() => parseToken(wrong), /\[invalid-argument\] This is no enrolment token/);
  }
});

for (const tls of [false, true]) {
  test(`a device enrols ${tls ? 'over TLS' : 'on its own machine'}, twice with the same key`, async () => {
    await using door = await aDoor({ tls });
    const folder = await newFolder();
    const token = { url: door.url, secret, fingerprint: door.fingerprint };
    const first = await enrol(token, { ...options(folder), name: 'kitchen' });
    const second = await enrol(token, { ...options(folder), name: 'kitchen' });
    assert.equal(first.enrolment.device, 'kitchen');
    assert.deepEqual(second, first);
    assert.deepEqual(await readIdentity(folder), first);
    const key = (await readKey(folder)) ?? '';
    assert.equal(door.enrolled[0]?.publicKey, publicKeyOf(key));
    assert.equal(door.enrolled[1]?.publicKey, publicKeyOf(key));
    assert.equal((await stat(path.join(folder, 'device-key.pem'))).mode & 0o777, 0o600);
  });

  test(`a hub with another key is sent nothing ${tls ? 'over TLS' : 'on the same machine'}`, async () => {
    await using door = await aDoor({ tls });
    const fingerprint = fingerprintOf(generateKey().publicKeyPem);
    const folder = await newFolder();
    const refused = enrol({ url: door.url, secret, fingerprint }, options(folder));
    await assert.rejects(refused, /\[unauthenticated\]/);
    assert.deepEqual(door.calls, tls ? [] : ['GET /enrol']);
    assert.equal(await readIdentity(folder), undefined);
  });
}

test('a hub that answers an older question or for another device is not believed', async () => {
  const table = [
    ['hub', 'nonce', '0123456789abcdef', /\[replayed\]/],
    ['enrolment', 'publicKey', generateKey().publicKeyPem, /\[wrong-audience\]/],
    ['enrolment', 'hub', 'other', /\[wrong-audience\]/],
    ['enrolment', 'bundleKeys', [], /\[malformed\]/],
  ] as const;
  for (const [kind, field, value, expected] of table) {
    await using door = await aDoor({
      tamper: (signed, document) => {
        if (signed === kind) document[field] = value;
      },
    });
    const folder = await newFolder();
    const token = { url: door.url, secret, fingerprint: door.fingerprint };
    await assert.rejects(enrol(token, options(folder)), expected);
    assert.equal(await readIdentity(folder), undefined);
  }
});

test('the code of the hub reaches the person who enrols', async () => {
  await using door = await aDoor({ secret: 'another-secret-of-a-hub' });
  const token = { url: door.url, secret, fingerprint: door.fingerprint };
  await assert.rejects(
    enrol(token, options(await newFolder())),
    /\[token-used\] The token was used/,
  );
});

test('an unreachable hub is unavailable, and an unencrypted one on another machine forbidden', async () => {
  const door = await aDoor();
  await door[Symbol.asyncDispose]();
  const token = { url: door.url, secret, fingerprint: door.fingerprint };
  await assert.rejects(
    enrol(token, options(await newFolder())),
    /\[unavailable\] .*cannot be reached/,
  );
  const open = { ...token, url: 'http://192.0.2.1:8080' };
  await assert.rejects(enrol(open, options(await newFolder())), /\[forbidden\]/);
});

test('a folder of one hub cannot be enrolled at another', async () => {
  await using first = await aDoor();
  await using second = await aDoor();
  const folder = await newFolder();
  await enrol({ url: first.url, secret, fingerprint: first.fingerprint }, options(folder));
  const other = { url: second.url, secret, fingerprint: second.fingerprint };
  await assert.rejects(enrol(other, options(folder)), /\[conflict\]/);
  assert.deepEqual(second.calls, []);
});

test('a clock that is an hour off follows the hub, one that is right does not', async () => {
  for (const [offsetMs, source] of [
    [3_600_000, 'hub'],
    [1000, 'system'],
  ] as const) {
    await using door = await aDoor({ clockOffsetMs: offsetMs });
    const token = { url: door.url, secret, fingerprint: door.fingerprint };
    const identity = await enrol(token, options(await newFolder()));
    const clock = createDeviceClock(() => askHubTime(identity));
    await clock.compare();
    assert.equal(clock.source, source);
    const difference = clock.nowMs() - Date.now();
    assert.ok(Math.abs(difference - (source === 'hub' ? offsetMs : 0)) < 2000);
  }
});
