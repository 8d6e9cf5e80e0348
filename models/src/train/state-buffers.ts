import type { Feeds } from '../runtime/runtime.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Pack } from './packing.ts';
import type { TrainingState } from './state.ts';

/**
 * The state of a training in memory that is allocated once: a step reads one set of vectors and writes
 * the other, and then they change places.
 */
export interface StateBuffers {
  /** The vectors that the next step reads, by the names of the graph's inputs. */
  feeds(): Feeds;
  /** The vectors that the next step writes, by the names of the graph's outputs. */
  targets(): Feeds;
  /** Makes what the step wrote the present state. */
  swap(): void;
  /** The present state, tensor by tensor, as views of its vectors. */
  state(): TrainingState;
}

/** One of the two sets. */
interface Side {
  readonly feeds: Feeds;
  readonly targets: Feeds;
  readonly state: TrainingState;
}

/** Copies a state into vectors. */
export function createStateBuffers(packs: readonly Pack[], state: TrainingState): StateBuffers {
  let present = createSide(packs);
  let next = createSide(packs);
  for (const [name, { data }] of Object.entries(present.state)) {
    (data as Float32Array).set((state[name] as Tensor<'float32'>).data);
  }
  return {
    feeds: () => present.feeds,
    targets: () => next.targets,
    swap() {
      [present, next] = [next, present];
    },
    state: () => present.state,
  };
}

function createSide(packs: readonly Pack[]): Side {
  const vectors = packs.map((pack) => ({
    ...pack,
    vector: tensor('float32', [pack.length], new Float32Array(pack.length)),
  }));
  const parts = vectors.flatMap(({ parts, vector }) =>
    parts.map(({ name, dims, offset }) => {
      const data = vector.data.subarray(offset, offset + elementCount(dims));
      return [name, tensor('float32', dims, data)] as const;
    }),
  );
  return {
    feeds: Object.fromEntries(vectors.map(({ input, vector }) => [input, vector])),
    targets: Object.fromEntries(vectors.map(({ output, vector }) => [output, vector])),
    state: Object.fromEntries(parts),
  };
}
