import Type, { type Static } from 'typebox';
import { DeviceEvent } from '../documents/event.ts';
import { Prediction } from '../documents/prediction.ts';
import { Count, Id, TimestampMs } from '../ids.ts';
import { Alarm } from './alarms.ts';
import { FieldSample } from './data.ts';
import { Device, WindowSummary } from './devices.ts';
import { Metric, ModelVersion, Rollout, Run } from './models.ts';
import { Sweep, Trial } from './sweeps.ts';

/** What the event stream says. Each change carries the whole new object, so that a reader needs no second request. */
export const LiveEvent = Type.Union([
  Type.Object({ kind: Type.Literal('device'), device: Device }),
  Type.Object({ kind: Type.Literal('window'), device: Id, window: WindowSummary }),
  Type.Object({ kind: Type.Literal('device-event'), device: Id, event: DeviceEvent }),
  Type.Object({ kind: Type.Literal('alarm'), alarm: Alarm }),
  Type.Object({ kind: Type.Literal('rollout'), rollout: Rollout }),
  /** Without metrics; those come one by one. */
  Type.Object({ kind: Type.Literal('run'), run: Run }),
  Type.Object({ kind: Type.Literal('metric'), run: Type.String(), metric: Metric }),
  /** Without trials; those come one by one. */
  Type.Object({ kind: Type.Literal('sweep'), sweep: Sweep }),
  Type.Object({ kind: Type.Literal('trial'), sweep: Type.String(), trial: Trial }),
  /** The end of an epoch of the trial of this number. */
  Type.Object({
    kind: Type.Literal('trial-metric'),
    sweep: Type.String(),
    trial: Count,
    metric: Metric,
  }),
  Type.Object({ kind: Type.Literal('version'), version: ModelVersion }),
  Type.Object({ kind: Type.Literal('sample'), sample: FieldSample }),
  /** Only on a stream opened with `predictions=true`. */
  Type.Object({ kind: Type.Literal('prediction'), prediction: Prediction }),
  /** Events were lost to this reader (it was away too long): fetch everything again. */
  Type.Object({ kind: Type.Literal('reset'), atMs: TimestampMs }),
]);
export type LiveEvent = Static<typeof LiveEvent>;
