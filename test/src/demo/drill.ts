import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createSigner, generateKey } from '@edgewise/models/crypto';
import type { ModelVersion } from '@edgewise/protocol/http';
import { registerBroken } from './broken-bundle.ts';
import type { Camera } from './camera.ts';
import { followRollout } from './follow.ts';
import { name, type Scene } from './scene.ts';

/** Pushes two broken bundles; resolves to the number of answers they gave. */
export async function pushBroken(
  scene: Scene,
  cameras: readonly Camera[],
  first: ModelVersion,
  good: ModelVersion,
): Promise<number> {
  const { hub, folder, say } = scene;
  const hubKey = createSigner(await readFile(path.join(folder, 'hub', 'bundle-key.pem'), 'utf8'));
  const stranger = createSigner(generateKey().privateKeyPem);
  const faults = [
    {
      version: good.version + 1,
      signer: hubKey,
      spoilWeights: true,
      reason: 'drill: wrong weights, properly signed',
    },
    {
      version: good.version + 2,
      signer: stranger,
      spoilWeights: false,
      reason: 'drill: signed by a stranger',
    },
  ];
  for (const fault of faults) {
    const broken = await registerBroken({ client: hub.client, good, ...fault });
    const { id } = await hub.client.call('startRollout', {
      body: { model: name, version: broken.version },
    });
    const rollout = await followRollout(scene, id);
    const refusal = rollout.devices.find(
      ({ status }) => status === 'refused' || status === 'reverted',
    );
    if (rollout.status !== 'stopped' || !refusal)
      throw new Error(`The broken ${name} ${broken.version} was not stopped: ${rollout.status}.`);
    say.fact(
      `${fault.reason}: ${refusal.device} refused with [${refusal.code}]; the rollout stopped, the others never got it`,
    );
  }
  const known = new Set([first.version, good.version]);
  return cameras.reduce(
    (count, camera) => count + [...camera.versions].filter((version) => !known.has(version)).length,
    0,
  );
}
