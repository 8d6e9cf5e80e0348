import type { Manifest } from '@edgewise/models/bundle';
import type { Runtime, Session } from '@edgewise/models/runtime';
import { type BundleRef, FleetError, type SlotReport } from '@edgewise/protocol';
import type { VerifiedBundle } from '../slots/bundle-folder.ts';
import { prove } from './prove.ts';

/** A bundle that was verified, loaded and gave its golden answers: fit to serve. */
export interface OpenSlot extends AsyncDisposable {
  readonly bundle: BundleRef;
  readonly manifest: Manifest;
  readonly session: Session;
  readonly parity: NonNullable<SlotReport['parity']>;
  /** The bundle's `profile.json`, for the window counter; absent without a profile. */
  readonly profile?: Uint8Array;
}

const graphName = 'graph.onnx';
const profileName = 'profile.json';

/** Loads a verified bundle and makes it prove itself; rejects when it may not serve. */
export async function openSlot(runtime: Runtime, bundle: VerifiedBundle): Promise<OpenSlot> {
  const graph = bundle.files.get(graphName);
  if (graph === undefined) throw new FleetError('malformed', `The bundle lacks ${graphName}.`);
  const session = await runtime.load(graph);
  try {
    const parity = await prove(session, bundle);
    const profile = bundle.files.get(profileName);
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
