import { randomBytes } from 'node:crypto';
import { createSigner, fingerprintOf, generateKey } from '@edgewise/models/crypto';
import { FleetError, Id, isId } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Identity } from '../identity.ts';
import { keepFile } from './keep-file.ts';

const Names = Type.Object({ hub: Id, fleet: Id });
const isNames = Compile(Names);

/**
 * Opens the identity in a folder, or makes it there at the first start; all of it is readable by its
 * owner only. `fleet` names the fleet the first time (`home` by default).
 */
export async function openIdentity(folder: string, fleet = 'home'): Promise<Identity> {
  if (!isId(fleet)) throw new FleetError('invalid-argument', `"${fleet}" is no fleet id.`);
  const names = readNames(
    await keepFile(folder, 'identity.json', () =>
      JSON.stringify({ hub: `hub-${randomBytes(6).toString('hex')}`, fleet }),
    ),
  );
  const newKey = () => generateKey().privateKeyPem;
  const privateKeyPem = await keepFile(folder, 'hub-key.pem', newKey);
  const signer = createSigner(privateKeyPem);
  const bundleSigner = createSigner(await keepFile(folder, 'bundle-key.pem', newKey));
  return {
    ...names,
    signer,
    privateKeyPem,
    fingerprint: fingerprintOf(signer.publicKeyPem),
    bundleSigner,
    bundleKeys: [bundleSigner.publicKeyPem],
  };
}

function readNames(text: string): Static<typeof Names> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FleetError('malformed', 'identity.json of this hub is not JSON.', { cause });
  }
  if (isNames.Check(value)) return value;
  throw new FleetError('malformed', 'identity.json of this hub names no hub and fleet.');
}
