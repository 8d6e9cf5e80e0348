import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Runtime, Session } from '../../runtime/runtime.ts';

/** Runs the graphs of a layer's learning; disposing it ends its sessions. */
export interface RoundingEngine extends AsyncDisposable {
  readonly signal: AbortSignal | undefined;
  /**
   * A session of the model, which stays the engine's: the same one as long as equal models of the name
   * are asked for. Rejects as `load` of the runtime does.
   */
  sessionOf(model: Model): Promise<Session>;
}

/** Where sessions come from. */
export interface RoundingEngineOptions {
  readonly runtime: Runtime;
  /** Threads within one operator. */
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

/** Has no session at first. */
export function createRoundingEngine(options: RoundingEngineOptions): RoundingEngine {
  const { runtime, threads, signal } = options;
  const kept = new Map<string, { readonly bytes: Uint8Array; readonly session: Session }>();
  const end = async (name: string): Promise<void> => {
    const { session } = kept.get(name) ?? {};
    kept.delete(name);
    await session?.[Symbol.asyncDispose]();
  };
  return {
    signal,
    async sessionOf(model) {
      const { name } = model.graph;
      const bytes = writeModel(model);
      const last = kept.get(name);
      if (last !== undefined && isEqual(last.bytes, bytes)) return last.session;
      await end(name);
      const session = await runtime.load(bytes, { threads, ...(signal && { signal }) });
      kept.set(name, { bytes, session });
      return session;
    },
    async [Symbol.asyncDispose]() {
      for (const name of [...kept.keys()]) await end(name);
    },
  };
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
