import { decodeGolden, readManifest } from '@edgewise/models/bundle';
import type { ModelVersion, ParityRow } from '@edgewise/protocol/http';
import type { DeviceRecord, Fleet } from '../fleet/fleet.ts';
import type { Registry } from '../registry/registry.ts';
import type { BlobStore } from '../store/blobs.ts';
import { foundInState } from './found-in-state.ts';
import { matrixOf } from './matrix.ts';
import type { ParityRecord, ParityRecords } from './parity-records.ts';

/** The certificates of a fleet: kept as devices report them, so that they outlive slots and devices. */
export interface Parity extends AsyncDisposable {
  /** The newest versions of a model, or one. Rejects with `not-found`. */
  matrix(
    model: string,
    options: { readonly version?: number; readonly limit: number },
  ): Promise<readonly ParityRow[]>;
}

interface ParityOptions {
  readonly records: ParityRecords;
  readonly fleet: Pick<Fleet, 'list' | 'changed'>;
  readonly registry: Pick<Registry, 'model' | 'versions' | 'version'>;
  readonly blobs: Pick<BlobStore, 'get'>;
  readonly onError: (thrown: unknown) => void;
}

/** Starts to keep what devices report, beginning with what the fleet's books hold already. */
export function createParity(options: ParityOptions): Parity {
  const { records, fleet, registry, blobs, onError } = options;
  /** What was written in this process, so that a report without news costs nothing. */
  const written = new Map<string, string>();
  const golden = new Map<string, ParityRow['golden']>();
  let keeping: Promise<void> = Promise.resolve();

  async function keep({ state }: DeviceRecord): Promise<void> {
    for (const record of state === undefined ? [] : foundInState(state)) {
      const key = `${record.device} ${record.manifest}`;
      const news = newsOf(record);
      if (written.get(key) === news) continue;
      await records.put(record);
      written.set(key, news);
    }
  }

  function enqueue(device: DeviceRecord): void {
    keeping = keeping.then(() => keep(device)).catch(onError);
  }

  async function goldenOf(manifest: string): Promise<ParityRow['golden']> {
    const known = golden.get(manifest);
    if (known !== undefined) return known;
    const { blobs: files, parity } = readManifest(await blobs.get(manifest));
    const file = files.find(({ name }) => name === 'golden.bin');
    const vectors = file === undefined ? 0 : decodeGolden(await blobs.get(file.sha256)).vectors;
    const facts = { vectors, tolerance: parity.tolerance, topAgreement: parity.topAgreement };
    golden.set(manifest, facts);
    return facts;
  }

  async function rowsOf(versions: readonly ModelVersion[]): Promise<readonly ParityRow[]> {
    const manifests = versions.flatMap(({ variants }) => variants.map(manifestOf));
    for (const manifest of manifests) await goldenOf(manifest).catch(onError);
    const facts = {
      devices: await fleet.list(),
      records: await records.of(manifests),
      golden,
    };
    return versions.flatMap((version) => matrixOf(version, facts));
  }

  async function keepAll(): Promise<void> {
    for (const device of await fleet.list()) await keep(device);
  }

  keeping = keepAll().catch(onError);
  const unfollow = fleet.changed.on(enqueue);

  return {
    async matrix(model, { version, limit }) {
      await registry.model(model);
      await keeping;
      if (version !== undefined) return rowsOf([await registry.version(model, version)]);
      return rowsOf((await registry.versions(model)).slice(0, limit));
    },
    async [Symbol.asyncDispose]() {
      unfollow();
      await keeping;
    },
  };
}

const manifestOf = ({ bundle }: ModelVersion['variants'][number]): string => bundle.manifest;

/** All but the time, which older agents do not say: theirs is that of the report. */
function newsOf({ atMs, ...record }: ParityRecord): string {
  return JSON.stringify(record.parity?.atMs === undefined ? record : [record, atMs]);
}
