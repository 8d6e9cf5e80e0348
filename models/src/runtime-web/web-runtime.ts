import { FleetError } from '@edgewise/protocol';
import type { InferenceSession } from 'onnxruntime-web';
import { assertNotAborted } from '../runtime/check-feeds.ts';
import type { LoadOptions, Runtime, Session } from '../runtime/runtime.ts';
import { loadError } from '../runtime-onnx/engine-error.ts';
import { createOnnxSession } from '../runtime-onnx/onnx-session.ts';

/** Where the engine finds its parts. */
export interface WebRuntimeOptions {
  /** Addresses of the WebAssembly file and of the module that loads it; default beside the engine's own. */
  readonly wasmPaths?: { readonly wasm: string; readonly mjs?: string };
}

/** The engine's module, which runs WebAssembly alone. */
type WebEngine = typeof import('onnxruntime-web/wasm');

/**
 * ONNX Runtime in WebAssembly, for pages and workers (and Node, where tests run it). Everything runs
 * on the thread that calls: one thread needs no cross-origin isolation, so `threads` is passed over.
 * Int8 graphs are computed in float: that is exact, and for depthwise and dense layers twice as fast
 * here. Weights that are stored in int8 become float once, at loading, not in each run. Rejects with `unavailable` where the engine is not installed. The
 * WebAssembly file is fetched with the first model.
 */
export async function createWebRuntime(options: WebRuntimeOptions = {}): Promise<Runtime> {
  const engine = await loadEngine();
  engine.env.wasm.numThreads = 1;
  if (options.wasmPaths !== undefined) engine.env.wasm.wasmPaths = { ...options.wasmPaths };
  return {
    name: 'onnxruntime-web',
    build: `onnxruntime-web ${engine.env.versions.web ?? ''} wasm simd`,
    async load(model, load = {}): Promise<Session> {
      assertNotAborted(load.signal);
      const session = await engine.InferenceSession.create(model, sessionOptions(load)).catch(
        (cause: unknown) => {
          throw loadError(cause);
        },
      );
      if (load.signal?.aborted === true) await session.release();
      assertNotAborted(load.signal);
      return createOnnxSession(engine, session, { writesInto: false });
    },
  };
}

async function loadEngine(): Promise<WebEngine> {
  try {
    return await import('onnxruntime-web/wasm');
  } catch (cause) {
    throw new FleetError('unavailable', 'ONNX Runtime for WebAssembly is not installed here.', {
      cause,
    });
  }
}

const levels = { none: 'disabled', basic: 'basic', all: 'all' } as const;

function sessionOptions(options: LoadOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: ['wasm'],
    executionMode: 'sequential',
    graphOptimizationLevel: levels[options.optimise ?? 'all'],
    // Failures are thrown; the engine's own lines on the console would only say them twice.
    logSeverityLevel: 4,
    extra: { session: { disable_quant_qdq: '1' } },
  };
}
