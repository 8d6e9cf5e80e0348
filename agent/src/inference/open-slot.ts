import type { Manifest, Sha256 } from '@edgewise/models/bundle';
import { decodeProfile, type Profile } from '@edgewise/models/profile';
import type { Runtime, Session } from '@edgewise/models/runtime';
import {
  type BundleRef,
  type DeviceClass,
  FleetError,
  type ParityReport,
} from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import type { VerifiedBundle } from '../slots/bundle-folder.ts';
import { prove } from './prove.ts';

/** A bundle that was verified, loaded and gave its golden answers: fit to serve. */
export interface OpenSlot extends AsyncDisposable {
  readonly bundle: BundleRef;
  readonly manifest: Manifest;
  readonly session: Session;
  /** How its golden answers came out just now. */
  readonly parity: ParityReport;
  /** How its answers are counted; absent when they are not. */
  readonly profile?: Profile;
}

const graphName = 'graph.onnx';
const profileName = 'profile.json';

interface OpenParts {
  readonly runtime: Runtime;
  readonly sha256: Sha256;
  readonly deviceClass: DeviceClass;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** Loads a verified bundle and makes it prove itself; rejects when it may not serve, or `canceled`. */
export async function openSlot(
  { runtime, sha256, deviceClass, clock }: OpenParts,
  bundle: VerifiedBundle,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<OpenSlot> {
  const stop = signal === undefined ? {} : { signal };
  const graph = bundle.files.get(graphName);
  if (graph === undefined) throw new FleetError('malformed', `The bundle lacks ${graphName}.`);
  const session = await runtime.load(graph, stop);
  try {
    const parity = await prove(session, bundle, {
      ...{ build: runtime.build, deviceClass, nowMs: clock.nowMs(), ...stop },
    });
    const profile = profileOf(bundle, sha256);
    return {
      bundle: bundle.ref,
      manifest: bundle.manifest,
      session,
      parity,
      ...(profile && { profile }),
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  } catch (thrown) {
    await session[Symbol.asyncDispose]();
    throw thrown;
  }
}

function profileOf({ manifest, files }: VerifiedBundle, sha256: Sha256): Profile | undefined {
  const bytes = files.get(profileName);
  if (manifest.profile === undefined || bytes === undefined) return undefined;
  const profile = decodeProfile(bytes, { sha256 });
  const { bins, reference } = manifest.profile;
  if (profile.digests.bins !== bins || profile.digests.reference !== reference) {
    throw new FleetError('malformed', `${profileName} is not the profile that the manifest names.`);
  }
  return profile;
}
