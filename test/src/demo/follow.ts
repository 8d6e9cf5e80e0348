import type { ModelVersion, Rollout, Run } from '@edgewise/protocol/http';
import { name, type Scene } from './scene.ts';

/** Shows a run until it is done. Throws when it fails, or after four minutes. */
export async function followRun({ observer, say, hub }: Scene, id: string): Promise<Run> {
  await observer.until(`run ${id}`, 240_000, () => {
    const run = observer.runs.get(id);
    if (!run) return false;
    const metric = run.metrics.at(-1);
    say.progress(
      `${run.step ?? run.status}${metric ? `, loss ${metric.loss.toFixed(3)}` : ''}`,
      run.progress,
    );
    return run.status !== 'queued' && run.status !== 'running';
  });
  const run = await hub.client.call('getRun', { params: { run: id } });
  if (run.status !== 'done')
    throw new Error(`Run ${id} is ${run.status}: ${run.error?.detail ?? ''}`);
  return run;
}

/** The version that a run made. */
export async function versionOf({ hub }: Scene, run: Run): Promise<ModelVersion> {
  return await hub.client.call('getVersion', {
    params: { model: run.model, version: String(run.version) },
  });
}

/** Rolls a version out to every device. Throws when the rollout stops. */
export async function rollOut(scene: Scene, version: ModelVersion): Promise<void> {
  const { id } = await scene.hub.client.call('startRollout', {
    body: { model: name, version: version.version },
  });
  const rollout = await followRollout(scene, id);
  if (rollout.status !== 'done')
    throw new Error(`The rollout is ${rollout.status}: ${rollout.reason}`);
}

/** Shows a rollout until it has ended, at most 90 s. */
export async function followRollout({ observer, say }: Scene, id: string): Promise<Rollout> {
  return await observer.until(`rollout ${id}`, 90_000, () => {
    const rollout = observer.rollouts.get(id);
    if (!rollout) return false;
    say.progress(
      `${rollout.devices.filter(({ status }) => status === 'serving').length} of ${rollout.devices.length} devices serve it`,
    );
    return rollout.status !== 'running' && rollout;
  });
}

/** A figure that the pipeline has measured; throws where the version was never evaluated. */
export function figureOf(figure: number | null): number {
  if (figure === null) throw new Error('The version was not evaluated.');
  return figure;
}
