import type { Session } from '@edgewise/models/runtime';
import { FleetError } from '@edgewise/protocol';
import type { Io } from '../io.ts';
import { batchesOf, batchSizeOf } from './batches.ts';
import type { ModelData } from './fit-to-inputs.ts';

/**
 * How many samples all models take at a time: what their inputs fix, else 16; but one where a model
 * leaves the number open and then runs only with one, as a Reshape to fixed sizes makes it. Throws what
 * a run of one throws.
 */
export async function batchThatRuns(
  io: Pick<Io, 'note' | 'signal'>,
  data: ModelData,
  models: readonly { readonly file: string; readonly session: Session }[],
): Promise<number> {
  const inputs = models.flatMap(({ session }) => session.inputs);
  const batch = batchSizeOf(inputs);
  const isOpen = inputs.every(({ dims }) => dims[0] === undefined);
  if (!isOpen || data.isEach === true || data.count < 2) return batch;
  for (const { file, session } of models) {
    if (await runs(session, data, { batch, signal: io.signal })) continue;
    const [one = {}] = batchesOf(data, session.inputs, { most: 1 });
    await session.run(one, { signal: io.signal });
    io.note(`${file}: it runs with one sample at a time only, though it says any number.`);
    return 1;
  }
  return batch;
}

async function runs(
  session: Session,
  data: ModelData,
  { batch, signal }: { readonly batch: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const [many = {}] = batchesOf(data, session.inputs, { most: batch });
  try {
    await session.run(many, { signal });
    return true;
  } catch (thrown) {
    if (FleetError.from(thrown).code === 'canceled') throw thrown;
    return false;
  }
}
