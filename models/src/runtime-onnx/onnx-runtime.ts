import { createRequire } from 'node:module';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { FleetError } from '@edgewise/protocol';
import type { InferenceSession } from 'onnxruntime-node';
import { assertNotAborted } from '../runtime/check-feeds.ts';
import type { LoadOptions, Runtime, Session } from '../runtime/runtime.ts';
import type { Engine } from './engine.ts';
import { loadError } from './engine-error.ts';
import { detectInstructionSet } from './instruction-set.ts';
import { createOnnxSession } from './onnx-session.ts';

/**
 * ONNX Runtime for Node. The native library is loaded with the first model.
 * A run blocks the thread while the engine computes, so heavy work belongs into a worker process.
 */
export function createOnnxRuntime(): Runtime {
  return {
    name: 'onnxruntime-node',
    build: buildName(),
    async load(model, options = {}): Promise<Session> {
      assertNotAborted(options.signal);
      const engine = await loadEngine();
      const session = await engine.InferenceSession.create(model, sessionOptions(options)).catch(
        (cause: unknown) => {
          throw loadError(cause);
        },
      );
      if (options.signal?.aborted === true) await session.release();
      assertNotAborted(options.signal);
      return createOnnxSession(engine, session, { writesInto: true });
    },
  };
}

async function loadEngine(): Promise<Engine> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new FleetError('unavailable', 'ONNX Runtime is not installed for this machine.', {
      cause,
    });
  }
}

/** Engine version and instruction set; `absent` where the engine is not installed. */
function buildName(): string {
  const { arch, extensions } = detectInstructionSet();
  return ['onnxruntime', engineVersion(), arch, ...extensions].join(' ');
}

function engineVersion(): string {
  try {
    const facts: unknown = createRequire(import.meta.url)('onnxruntime-node/package.json');
    return (facts as { readonly version: string }).version;
  } catch {
    // Loading says so too, with a code; a name must not throw.
    return 'absent';
  }
}

const levels = { none: 'disabled', basic: 'basic', all: 'all' } as const;

/**
 * Where weights in other files are looked for: a folder that cannot exist. Left alone, the engine
 * would read any file below the working directory that a model names.
 */
const nowhere = join(devNull, 'none');

function sessionOptions(options: LoadOptions): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: levels[options.optimise ?? 'all'],
    // Failures are thrown; the engine's own lines on stderr would only say them twice.
    logSeverityLevel: 4,
    extra: {
      session: {
        // Waking a thread takes as long as a small operator: for that long, and never between two runs,
        // threads stay awake. Longer, they would take the processor from whatever else wants it.
        intra_op: { allow_spinning: '1', spin_duration_us: '10' },
        force_spinning_stop: '1',
        model_external_initializers_file_folder_path: nowhere,
      },
    },
  };
}
