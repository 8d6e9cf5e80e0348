/** A hub in a process of its own, so that a test can kill it: prints its port when it listens. */
import { createSigner } from '@edgewise/models/crypto';
import { startTestHub, testIdentity } from '../testing/test-hub.test.fixture.ts';

// biome-ignore lint/style/noRestrictedGlobals: it is the entry of a process of its own.
const self = process;
const [, , file, privateKeyPem, device, publicKey] = self.argv;
if (!file || !privateKeyPem || !device || !publicKey) throw new Error('An argument is missing.');
const identity = { ...testIdentity(), privateKeyPem, signer: createSigner(privateKeyPem) };
const hub = await startTestHub({ file, identity });
await hub.devices.write(async (books) => {
  if (await books.find(device)) return;
  await books.insert({
    id: device,
    publicKey,
    deviceClass: 'x64',
    agentVersion: '1.0.0',
    enrolledAtMs: 0,
    revokedAtMs: undefined,
    clonedAtMs: undefined,
    presence: { status: 'never', sinceMs: 0, instance: undefined, session: 0 },
    state: undefined,
    generation: 0,
    commandGeneration: 0,
    target: undefined,
    envelope: undefined,
  });
});
self.send?.(hub.broker.port);
