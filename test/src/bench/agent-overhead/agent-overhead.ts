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
import { differences, median, timeInTurn, trimmedMean } from './paired.ts';
import { openRawSession } from './raw-session.ts';
import { makeVersion, noise, type TimedModel } from './served-model.ts';

const device = 'timed';
/** From this raw time on the bound is a share, below it a time. */
const longMs = 2;
const bounds = { share: 0.05, us: 100 } as const;
/** Enough for a narrow interval, few enough to be done in seconds. */
const budgetMs = 9000;
const mostRounds = 300;
const bursts = { burst: 20, settle: 5 } as const;

/**
 * What the agent's pipeline adds to a run of the same graph in a bare session: from a frame at the
 * sink to its answer, counted in a window and published as configured, over a real hub and an outbox
 * on the disk. The same bound stands for both together: the pipeline, and the profile vector in the
 * graph, which a model without drift watching would not have.
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
    const { raw, agent } = measured;
    const addedMs = median(differences(agent, raw)).value;
    say.fact(
      `${model.name}: ${median(raw).value.toFixed(3)} ms, the agent adds ${addedMs.toFixed(4)} ms`,
    );
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

/** Milliseconds of a run, burst by burst. */
interface Times {
  /** The graph without its profile. */
  readonly bare: readonly number[];
  readonly raw: readonly number[];
  readonly agent: readonly number[];
}

async function measure({ agent }: AgentHere, { folder, model, version }: Served): Promise<Times> {
  const variant = version.variants.find(({ deviceClass }) => deviceClass === detectDeviceClass());
  const file = (name: string) =>
    readFile(path.join(folder, 'bundles', variant?.bundle.manifest ?? '', name));
  const { data } = noise(model.recipe, 1, 9);
  const frame = Uint8Array.from(new Uint8Array(data.buffer));
  const bundle = { manifest: await file('manifest.json'), graph: await file('graph.onnx'), frame };
  await using bare = await openRawSession(bundle, 'no profile');
  await using raw = await openRawSession(bundle, 'profile');
  const ways = [() => bare.run(), () => raw.run(), () => agent.sink.answer([frame])];
  const first = await timeInTurn(ways, { rounds: 3, warmUp: 3, ...bursts });
  const runMs = first.reduce((sum, times) => sum + median(times).value, 0);
  const roundMs = runMs * (bursts.burst + bursts.settle);
  const rounds = Math.min(mostRounds, Math.ceil(budgetMs / roundMs));
  const [one = [], two = [], three = []] = await timeInTurn(ways, {
    ...{ rounds, warmUp: 3 },
    ...bursts,
  });
  return { bare: one, raw: two, agent: three };
}

function figuresOf(name: string, { bare, raw, agent }: Times): readonly BenchResult[] {
  const rawMs = median(raw).value;
  const added = differences(agent, raw);
  const { value, low, high } = median(added);
  const all = median(differences(agent, bare)).value;
  const isLong = rawMs >= longMs;
  const scale = isLong ? 1 / rawMs : 1000;
  const unit = isLong ? 'of a raw run' : 'us';
  const limit = { unit, bound: isLong ? bounds.share : bounds.us };
  return [
    printed(`${name}: a raw run`, rawMs, 'ms'),
    atMost(`${name}: the pipeline adds`, { value: value * scale, ...limit }),
    atMost(`${name}: pipeline and profile add`, { value: all * scale, ...limit }),
    printed(`${name}: at least, with 95 %`, low * scale, unit),
    printed(`${name}: at most, with 95 %`, high * scale, unit),
    printed(`${name}: trimmed mean`, trimmedMean(added) * scale, unit),
    printed(
      `${name}: the profile in the graph`,
      median(differences(raw, bare)).value * scale,
      unit,
    ),
  ];
}
