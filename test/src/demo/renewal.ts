import type { Alarm, ModelVersion } from '@edgewise/protocol/http';
import { followRollout, followRun, versionOf } from './follow.ts';
import { createLabeller } from './labeller.ts';
import { paces, type Scene } from './scene.ts';

/** Answers what the hub asks until it retrains; gives the number of labels. */
export async function label(
  { hub, truth, observer, say, pace, signal }: Scene,
  alarm: string,
): Promise<number> {
  const done = new AbortController();
  const labeller = createLabeller(hub.client, truth);
  const work = labeller.run(AbortSignal.any([signal, done.signal]));
  await observer.until('labels and the decision to retrain', 120_000, () => {
    const now: Alarm | undefined = observer.alarms.get(alarm);
    if (!now) return false;
    say.progress(
      `${now.labelsGiven} of ${now.labelsAsked} labels`,
      now.labelsGiven / Math.max(1, now.labelsAsked),
    );
    return now.run !== null;
  });
  pace.pauseMs = paces.training;
  done.abort();
  await work;
  return labeller.labelled;
}

/** Follows the retraining of an alarm and its rollout; gives the new version. */
export async function retrained(scene: Scene, alarm: string): Promise<ModelVersion> {
  const { observer, say } = scene;
  const id = observer.alarms.get(alarm)?.run ?? '';
  const version = await versionOf(scene, await followRun(scene, id));
  for (const check of version.gate.checks) say.fact(check.sentence);
  const rollout = await observer.until(
    'the rollout of the new version',
    60_000,
    () => observer.alarms.get(alarm)?.rollout ?? false,
  );
  const done = await followRollout(scene, rollout);
  if (done.status !== 'done') throw new Error(`The rollout is ${done.status}: ${done.reason}`);
  await observer.until(
    'the alarm to be resolved',
    30_000,
    () => observer.alarms.get(alarm)?.status === 'resolved',
  );
  return version;
}
