import type { LiveEvent } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import { clientOf, type HubOptions, withHub } from '../context.ts';
import { type Io, percent } from '../io.ts';

interface WatchOptions extends HubOptions {
  readonly predictions: boolean;
}

/** `edgewise watch`: live events until Ctrl-C. */
export function addWatch(program: Command, io: Io): void {
  withHub(
    program
      .command('watch')
      .description(
        'print live predictions and events until Ctrl-C; with --json one document a line',
      )
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise watch\n  edgewise watch --no-predictions --json | jq -c .kind',
      )
      .option('--no-predictions', 'leave the predictions out'),
  ).action(async (options: WatchOptions) => {
    for await (const event of clientOf(options).events({
      predictions: options.predictions,
      signal: io.signal,
    })) {
      io.print(
        options.json
          ? JSON.stringify(event)
          : `${new Date().toLocaleTimeString()}  ${lineOf(event)}`,
      );
    }
  });
}

/** One event in one line. */
export function lineOf(event: LiveEvent): string {
  switch (event.kind) {
    case 'prediction': {
      const {
        device,
        model,
        version,
        label,
        class: index,
        confidence,
        latencyUs,
      } = event.prediction;
      return `${device}  ${model} ${version}: ${label ?? index} (${percent(confidence)}, ${latencyUs} us)`;
    }
    case 'device':
      return `${event.device.id}  ${event.device.presence.status}, drift ${event.device.drift.state}`;
    case 'window':
      return `${event.device}  window ${event.window.sequence}: ${event.window.seen} inputs, drift ${event.window.drift.state}`;
    case 'device-event':
      return `${event.device}  ${eventText(event.event.body)}`;
    case 'alarm':
      return `ALARM ${event.alarm.status}: ${event.alarm.sentence}`;
    case 'sweep':
      return `${event.sweep.id}  ${event.sweep.model} ${event.sweep.status}`;
    case 'trial':
      return `${event.sweep}  trial ${event.trial.number} ${event.trial.status} ${percent(event.trial.progress)}`;
    case 'trial-metric':
      return `${event.sweep}  trial ${event.trial}: epoch ${event.metric.epoch}, loss ${event.metric.loss.toFixed(4)}`;
    case 'rollout':
      return `rollout ${event.rollout.id} of ${event.rollout.model} ${event.rollout.version}: ${event.rollout.status}`;
    case 'run':
      return `run ${event.run.id}: ${event.run.status}${event.run.step === null ? '' : `, ${event.run.step} ${percent(event.run.progress)}`}`;
    case 'metric':
      return `run ${event.run}: step ${event.metric.step}, loss ${event.metric.loss.toFixed(4)}`;
    case 'version':
      return `${event.version.model} ${event.version.version} is ready: gate ${event.version.gate.verdict}`;
    case 'sample':
      return `sample ${event.sample.sample.slice(0, 12)} of ${event.sample.device}: ${event.sample.status}`;
    case 'reset':
      return 'some events were missed';
  }
}

type Body = Extract<LiveEvent, { kind: 'device-event' }>['event']['body'];

function eventText(body: Body): string {
  switch (body.kind) {
    case 'step':
      return `${body.step} ${body.outcome}${body.code === undefined ? '' : ` [${body.code}] ${body.detail ?? ''}`}`;
    case 'error':
      return `[${body.code}] ${body.detail}`;
    case 'started':
      return `started (edgewise ${body.agentVersion}; the previous process ended: ${body.previousExit})`;
    case 'dropped':
      return `dropped ${body.class} ${body.first} to ${body.last}: the outbox was full`;
    case 'sample':
      return `kept a sample (${body.reason}, ${percent(body.confidence)})`;
  }
}
