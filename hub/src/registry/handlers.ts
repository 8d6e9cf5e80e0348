import { FleetError } from '@edgewise/protocol';
import type { Lineage } from '@edgewise/protocol/http';
import type { Handlers } from '../api/handler.ts';
import type { Clock } from '../clock.ts';
import type { BlobStore } from '../store/blobs.ts';
import { importBase } from './base-models.ts';
import { importBundle } from './import-bundle.ts';
import type { Registry } from './registry.ts';

interface RegistryParts {
  readonly registry: Registry;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly why: (device: string) => Promise<Lineage>;
}

/** The routes of models, versions and blobs. */
export function registryHandlers({
  registry,
  blobs,
  clock,
  why,
}: RegistryParts): Handlers<
  | 'listModels'
  | 'putModel'
  | 'listVersions'
  | 'getVersion'
  | 'importBundle'
  | 'importBase'
  | 'putBlob'
  | 'getBlob'
  | 'why'
> {
  return {
    listModels: async () => [...(await registry.models())],
    putModel: ({ params, body: { policies, ...change } }) =>
      registry.putModel(params.model, { ...change, ...(policies && { policies }) }),
    async listVersions({ params }) {
      await registry.model(params.model);
      return [...(await registry.versions(params.model))];
    },
    getVersion: ({ params }) => registry.version(params.model, Number(params.version)),
    importBundle: ({ params, body }, { caller }) =>
      importBundle(params.model, { ...body, caller: caller.name }, { registry, blobs, clock }),
    importBase: ({ body }) => importBase(body, blobs),
    async putBlob({ params, body }) {
      const digest = await blobs.put(body);
      if (digest === params.digest) return { ok: true };
      throw new FleetError('digest-mismatch', `These bytes have the SHA-256 ${digest}.`);
    },
    getBlob: ({ params }) => blobs.get(params.digest),
    why: ({ params }) => why(params.device),
  };
}
