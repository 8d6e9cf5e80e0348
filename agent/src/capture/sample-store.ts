import type { Sha256 } from '@edgewise/models/bundle';
import type { Disk } from '../slots/disk.ts';

/** A kept input. */
export interface StoredSample {
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Inputs on the disk by digest, under a budget; the oldest make room. */
export interface SampleStore {
  /** Resolves when the inputs are durable; `undefined` for one that the budget has no room for. */
  keep(inputs: readonly Uint8Array[]): Promise<readonly (StoredSample | undefined)[]>;
  read(digest: string): Promise<Uint8Array | undefined>;
}

interface SampleStoreParts {
  readonly disk: Disk;
  readonly sha256: Sha256;
  readonly budgetBytes: () => number;
}

const folder = 'samples';

interface Entry extends StoredSample {
  readonly name: string;
}

/** Opens the samples of a disk. Names carry age, size and digest, so a listing is the index. */
export async function openSampleStore(parts: SampleStoreParts): Promise<SampleStore> {
  const { disk, sha256 } = parts;
  const entries: Entry[] = (await disk.list(folder)).flatMap(entryOf);
  let next = Number(entries.at(-1)?.name.split('-')[0] ?? 0) + 1;

  async function write(bytes: Uint8Array): Promise<StoredSample> {
    const digest = sha256(bytes);
    if (entries.some((entry) => entry.digest === digest))
      return { digest, sizeBytes: bytes.length };
    const name = `${String(next++).padStart(12, '0')}-${bytes.length}-${digest}`;
    await disk.write(`${folder}/${name}`, bytes);
    await disk.syncFile(`${folder}/${name}`);
    entries.push({ name, digest, sizeBytes: bytes.length });
    return { digest, sizeBytes: bytes.length };
  }

  async function keepBudget(): Promise<void> {
    let bytes = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    while (bytes > parts.budgetBytes()) {
      const oldest = entries.shift();
      if (oldest === undefined) return;
      await disk.remove(`${folder}/${oldest.name}`);
      bytes -= oldest.sizeBytes;
    }
  }

  return {
    async keep(inputs) {
      const kept: StoredSample[] = [];
      for (const input of inputs) kept.push(await write(input));
      await keepBudget();
      await disk.syncFolder(folder);
      const left = new Set(entries.map((entry) => entry.digest));
      return kept.map((sample) => (left.has(sample.digest) ? sample : undefined));
    },
    async read(digest) {
      const entry = entries.find((one) => one.digest === digest);
      if (entry === undefined) return undefined;
      const bytes = await disk.read(`${folder}/${entry.name}`);
      // A crash may have left a name without its bytes.
      return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined;
    },
  };
}

function entryOf(name: string): readonly Entry[] {
  const [, size, digest] = name.split('-');
  return size && digest ? [{ name, digest, sizeBytes: Number(size) }] : [];
}
