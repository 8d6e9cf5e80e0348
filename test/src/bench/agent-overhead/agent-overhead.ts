import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createFileDisk, openSqliteOutbox } from '@edgewise/agent/parts';
import { createOnnxRuntime, detectDeviceClass } from '@edgewise/models/runtime-onnx';
import { mebibytes } from '@edgewise/protocol';
import type { ModelVersion } from '@edgewise/protocol/http';
import { openStage, type Stage } from '../../e2e/stage.ts';
import { until } from '../../e2e/until.ts';
import { type AgentHere, startAgentHere } from '../../fleet/agent-here.ts';
import type { RunBench } from '../bench.ts';
import { atMost, type BenchResult, printed } from '../result.ts';
import { timedModels } from './models.ts';
import { differences, median, type Pairs, timePairs, trimmedMean } from './paired.ts';
import { openRawSession } from './raw-session.ts';
import { makeVersion, noise, type TimedModel } from './served-model.ts';

const device = 'timed';
/** From this raw time on the bound is a share, below it a time. */
const longMs = 2;
const bounds = { share: 0.05, us: 100 } as const;
/** Enough for a narrow interval, few enough to be done in seconds. */
const budgetMs = 5000;
const mostPairs = 3000;

/**
 * What the agent's pipeline adds to a run of the same int8 graph in a bare session without the
 * profile: from a frame at the sink to its answer, counted in a window and published as configured,
 * over a real hub and an outbox on the disk.
 */
export const benchAgentOverhead: RunBench = async ({ seed, say }) => {
  await using cleanup = new AsyncDisposableStack();
  const stage = cleanup.use(await openStage());
  const { token } = await stage.client.call('createEnrolment');
  const folder = path.join(stage.folder, device);
  const here = cleanup.use(
    await startAgentHere({
      ...{ device, token, folder: stage.folder, deviceClass: detectDeviceClass() },
      runtime: createOnnxRuntime(),
      disk: createFileDisk(folder),
      outbox: openSqliteOutbox(path.join(folder, 'outbox.db'), {
        ...{ budgetBytes: mebibytes(16), nowMs: Date.now },
      }),
    }),
  );
  const results: BenchResult[] = [];
  for (const model of await timedModels()) {
    const version = await makeVersion(stage.client, model, seed);
    await serve(stage, here, version);
    const measured = await measure(here, { folder, model, version });
    const [{ value: rawMs }, { value: addedMs }] = [
      median(measured.first),
      median(differences(measured)),
    ];
    say.fact(`${model.name}: raw ${rawMs.toFixed(3)} ms, the agent adds ${addedMs.toFixed(4)} ms`);
    results.push(...figuresOf(model.name, measured));
  }
  return results;
};

async function serve({ client }: Stage, { agent }: AgentHere, version: ModelVersion) {
  const { model } = version;
  await client.call('startRollout', { body: { model, version: version.version } });
  const isServed = () => {
    const [refusal] = agent.state.refusals;
    if (refusal !== undefined) throw new Error(`${model} was refused: ${refusal.detail}`);
    return agent.sink.status().serving?.model === model;
  };
  await until(isServed, { what: `${model} in service`, timeoutMs: 60_000 });
}

interface Served {
  /** Of the device. */
  readonly folder: string;
  readonly model: TimedModel;
  readonly version: ModelVersion;
}

async function measure({ agent }: AgentHere, { folder, model, version }: Served): Promise<Pairs> {
  const variant = version.variants.find(({ deviceClass }) => deviceClass === detectDeviceClass());
  const file = (name: string) =>
    readFile(path.join(folder, 'bundles', variant?.bundle.manifest ?? '', name));
  const { data } = noise(model.recipe, 1, 9);
  const frame = Uint8Array.from(new Uint8Array(data.buffer));
  const bundle = { manifest: await file('manifest.json'), graph: await file('graph.onnx'), frame };
  await using raw = await openRawSession(bundle);
  const work = [() => raw.run(), () => agent.sink.answer([frame])] as const;
  const first = await timePairs(...work, { pairs: 30, warmUp: 10 });
  const pairMs = median(first.first).value + median(first.second).value;
  const pairs = Math.min(mostPairs, Math.ceil(budgetMs / pairMs));
  return await timePairs(...work, { pairs, warmUp: 10 });
}

function figuresOf(name: string, pairs: Pairs): readonly BenchResult[] {
  const raw = median(pairs.first).value;
  const added = differences(pairs);
  const { value, low, high } = median(added);
  const isLong = raw >= longMs;
  const scale = isLong ? 1 / raw : 1000;
  const unit = isLong ? 'of a raw run' : 'us';
  return [
    printed(`${name}: a raw run`, raw, 'ms'),
    atMost(`${name}: the pipeline adds`, {
      ...{ value: value * scale, unit, bound: isLong ? bounds.share : bounds.us },
    }),
    printed(`${name}: at least, with 95 %`, low * scale, unit),
    printed(`${name}: at most, with 95 %`, high * scale, unit),
    printed(`${name}: trimmed mean`, trimmedMean(added) * scale, unit),
  ];
}
