import { FleetError } from '@edgewise/protocol';
import type { Fleet } from '../fleet/fleet.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import type { AlarmRecord } from './alarm-records.ts';
import type { StepOutcome } from './apply.ts';
import type { Step } from './step.ts';

/** Where steps act. */
export interface RenewalActors {
  readonly fleet: Pick<Fleet, 'command'>;
  readonly pipeline: Pick<Pipeline, 'retrain' | 'list'>;
  readonly rollouts: Pick<Rollouts, 'start' | 'list'>;
  /** Begins a new baseline, in the device's turn. */
  readonly relearn: (device: string) => void;
  readonly onError: (thrown: unknown) => void;
}

/** Inputs that a device looks at for each sample it keeps. */
const lookedAtPerSample = 3;
/** Entries of a list in which an earlier, unrecorded order is looked for. */
const recent = 20;

/** Carries a step out. What an earlier process began and did not write down is found, not repeated. */
export async function execute(
  step: Step,
  { alarm }: AlarmRecord,
  actors: RenewalActors,
): Promise<Omit<StepOutcome, 'nowMs'>> {
  switch (step.name) {
    case 'capture':
      return { isSent: await capture(step, actors) };
    case 'retrain':
      return { run: await retrain(alarm.model, alarm.version, actors) };
    case 'rollOut':
      return { rollout: await rollOut(alarm.model, step.version, actors) };
    case 'close':
      if (step.relearn) for (const device of alarm.devices) actors.relearn(device);
      return {};
    case 'count':
    case 'request':
    case 'decide':
    case 'judge':
      return {};
  }
}

async function capture(
  step: Extract<Step, { name: 'capture' }>,
  { fleet, onError }: RenewalActors,
): Promise<boolean> {
  const { device, model, random, uncertain } = step;
  const among = lookedAtPerSample * (random + uncertain);
  try {
    const body = { kind: 'capture', model, random, uncertain, among } as const;
    const reply = await fleet.command(device, body);
    // A capture that runs already is the one that was ordered before a crash.
    return reply.ok || reply.code === 'conflict';
  } catch (thrown) {
    const { code } = FleetError.from(thrown);
    if (code !== 'timeout' && code !== 'unavailable') onError(thrown);
    return false;
  }
}

async function retrain(
  model: string,
  champion: number,
  { pipeline }: RenewalActors,
): Promise<string> {
  const runs = await pipeline.list({ limit: recent });
  const running = runs.find(
    (run) =>
      run.model === model &&
      run.kind === 'retrain' &&
      (run.status === 'queued' || run.status === 'running'),
  );
  return (running ?? (await pipeline.retrain({ model, champion }))).id;
}

async function rollOut(
  model: string,
  version: number,
  { rollouts }: RenewalActors,
): Promise<string> {
  const known = (await rollouts.list({ limit: recent })).find(
    (rollout) =>
      rollout.kind === 'rollout' && rollout.model === model && rollout.version === version,
  );
  return (known ?? (await rollouts.start({ model, version }))).id;
}
