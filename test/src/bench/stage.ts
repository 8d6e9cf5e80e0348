import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createRandom } from '@edgewise/models/random';
import type { ModelVersion } from '@edgewise/protocol/http';
import { importDigits, trainFirst } from '../demo/first-version.ts';
import { createMemoryMeter } from '../demo/memory-meter.ts';
import { readTest } from '../demo/mnist.ts';
import { observe } from '../demo/observer.ts';
import type { Say } from '../demo/say.ts';
import type { Scene } from '../demo/scene.ts';
import { startHub } from '../demo/stack.ts';

/** A hub in a process of its own that has trained the digits model on MNIST. */
export interface DigitsStage {
  readonly scene: Scene;
  readonly version: ModelVersion & { readonly imagesPerSecond: number };
}

/** Stages that are built on first use and torn down together. */
export interface Stages extends AsyncDisposable {
  readonly digits: () => Promise<DigitsStage>;
}

/** Nothing is started until a bench asks. */
export function createStages(options: { readonly seed: number; readonly say: Say }): Stages {
  const cleanup = new AsyncDisposableStack();
  let digits: Promise<DigitsStage> | undefined;
  return {
    digits: () => {
      digits ??= buildDigits(options, cleanup);
      return digits;
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function buildDigits(
  { seed, say }: { readonly seed: number; readonly say: Say },
  cleanup: AsyncDisposableStack,
): Promise<DigitsStage> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-bench-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const hub = await startHub({ folder: path.join(folder, 'hub') });
  cleanup.use(hub.program);
  const stop = new AbortController();
  cleanup.defer(() => stop.abort());
  const test = await readTest();
  const scene: Scene = {
    hub,
    folder,
    seed,
    say,
    memory: cleanup.use(createMemoryMeter()),
    signal: stop.signal,
    startedAtMs: Date.now(),
    keep: cleanup,
    observer: observe(hub.client, stop.signal),
    random: createRandom(seed),
    labelable: test,
    measured: test,
    truth: new Map(),
    pace: { pauseMs: 0 },
  };
  await importDigits(scene);
  return { scene, version: await trainFirst(scene) };
}
