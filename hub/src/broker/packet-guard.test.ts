import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createPacketGuard } from './packet-guard.ts';

const limits = { connectBytes: 100, packetBytes: 1000 };

/** A packet with a body of `size` bytes. */
function packet(size: number, type = 0x30): Uint8Array {
  const header = [type];
  let rest = size;
  do {
    header.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Uint8Array.from([...header, ...new Uint8Array(size).fill(0xff)]);
}

const join = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

test('any packets within their limits pass, however they are cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 97 }),
      (connect, sizes, cut) => {
        const bytes = join([packet(connect, 0x10), ...sizes.map((size) => packet(size))]);
        const guard = createPacketGuard(limits);
        for (let at = 0; at < bytes.length; at += cut) {
          assert.ok(guard.admits(bytes.subarray(at, at + cut)));
        }
      },
    ),
    { numRuns: 60, seed: 5 },
  );
});

test('an announcement of 200 MB is refused at its last length byte', () => {
  const guard = createPacketGuard(limits);
  assert.ok(guard.admits(packet(50, 0x10)));
  const length = [0xc0, 0xc6, 0xaf, 0x5f];
  assert.ok(guard.admits(Uint8Array.of(0x30, ...length.slice(0, 3))));
  assert.equal(guard.admits(Uint8Array.of(...length.slice(3))), false);
});

test('the first packet has the smaller limit', () => {
  assert.equal(createPacketGuard(limits).admits(packet(101, 0x10)), false);
  const guard = createPacketGuard(limits);
  assert.ok(guard.admits(packet(100, 0x10)));
  assert.ok(guard.admits(packet(1000)));
  assert.equal(guard.admits(packet(1001)), false);
});

test('a length of more than four digits is refused', () => {
  assert.equal(createPacketGuard(limits).admits(Uint8Array.of(0x10, 255, 255, 255, 255)), false);
});
