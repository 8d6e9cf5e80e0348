import type { Alarm } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import { answer, clientOf, type HubOptions, whenAlone, withHub } from '../context.ts';
import { followRun } from '../follow-run.ts';
import { type Io, percent } from '../io.ts';
import { answerVersion } from './train.ts';

/** `edgewise alarms`: list, dismiss, retrain. */
export function addAlarms(program: Command, io: Io): void {
  const alarms = withHub(
    program
      .command('alarms')
      .description('list drift alarms with their evidence')
      .addHelpText(
        'after',
        '\nExamples:\n  edgewise alarms                      the newest first, with what was decided\n  edgewise alarms retrain alarm-3f9a   do not wait for more labels\n  edgewise alarms dismiss alarm-3f9a   the new data are as they should be',
      ),
  );
  whenAlone(alarms, async (options) => {
    answer(
      io,
      options,
      await clientOf(options).call('listAlarms', { query: { limit: 20 } }),
      (all) => (all.length === 0 ? 'No drift alarms.' : all.map(alarmText).join('\n\n')),
    );
  });

  withHub(
    alarms
      .command('dismiss <alarm>')
      .description('close an alarm without retraining')
      .addHelpText('after', '\nExample:\n  edgewise alarms dismiss alarm-3f9a'),
  ).action(async (alarm: string, options: HubOptions) => {
    answer(
      io,
      options,
      await clientOf(options).call('dismissAlarm', { params: { alarm } }),
      alarmText,
    );
  });

  withHub(
    alarms
      .command('retrain <alarm>')
      .description('retrain now with the labels there are')
      .addHelpText('after', '\nExample:\n  edgewise alarms retrain alarm-3f9a'),
  ).action(async (alarm: string, options: HubOptions) => {
    const client = clientOf(options);
    const run = await client.call('retrain', { params: { alarm } });
    answerVersion(io, options, await followRun(client, io, run));
  });
}

function alarmText(alarm: Alarm): string {
  const accuracy = alarm.accuracy
    ? `accuracy on random labels ${percent(alarm.accuracy.right / Math.max(1, alarm.accuracy.of))} (between ${percent(alarm.accuracy.lower)} and ${percent(alarm.accuracy.upper)})`
    : 'no labels yet';
  return [
    `${alarm.id}  ${alarm.status}  ${new Date(alarm.openedAtMs).toLocaleString()}  ${alarm.model} ${alarm.version}`,
    `  ${alarm.sentence}`,
    `  labels ${alarm.labelsGiven} of ${alarm.labelsAsked}; ${accuracy}`,
    ...alarm.decisions.map(
      ({ atMs, sentence }) => `  ${new Date(atMs).toLocaleTimeString()}  ${sentence}`,
    ),
  ].join('\n');
}
