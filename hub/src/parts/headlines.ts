import type { Alarms } from '../alarms/alarms.ts';
import type { Headlines } from '../api/hub-handlers.ts';
import { hasConverged } from '../fleet/device-view.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Labels } from '../labels/labels.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { Registry } from '../registry/registry.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Wire } from './wire.ts';

/** Parts that headline figures are counted from. */
export interface HeadlineParts {
  readonly wire: Wire;
  readonly fleet: Fleet;
  readonly telemetry: Telemetry;
  readonly registry: Registry;
  readonly labels: Labels;
  readonly pipeline: Pipeline;
  readonly rollouts: Rollouts;
  readonly alarms: Alarms;
}

/** Newest objects that are looked at for what is under way. */
const recent = 100;

/** Counts the headline figures anew at each call. */
export function createHeadlines(parts: HeadlineParts): () => Promise<Headlines> {
  const { wire, fleet, telemetry, registry, labels, pipeline, rollouts, alarms } = parts;
  return async () => {
    const [all, models, runs, recentRollouts, waiting, windows, recentAlarms] = await Promise.all([
      fleet.list(),
      registry.models(),
      pipeline.list({ limit: recent }),
      rollouts.list({ limit: recent }),
      labels.countWaiting(),
      telemetry.windowCount(),
      alarms.list({ limit: recent }),
    ]);
    const devices = all.filter(({ revoked }) => !revoked);
    const ledgers = await Promise.all(all.map(({ id }) => telemetry.ledger(id)));
    return {
      broker: { kind: wire.kind, url: wire.url, connected: wire.link.isUp },
      devices: {
        total: devices.length,
        online: devices.filter(({ presence }) => presence.status === 'online').length,
        converged: devices.filter(hasConverged).length,
        cloned: devices.filter(({ cloned }) => cloned).length,
      },
      models: models.length,
      openAlarms: recentAlarms.filter(
        ({ status }) => status !== 'resolved' && status !== 'dismissed',
      ).length,
      activeRollouts: recentRollouts.filter(({ status }) => status === 'running').length,
      activeRuns: runs.filter(({ status }) => status === 'running' || status === 'queued').length,
      labelsWaiting: waiting,
      windows,
      unexplainedLosses: ledgers.reduce((sum, { missing }) => sum + missing, 0),
    };
  };
}
