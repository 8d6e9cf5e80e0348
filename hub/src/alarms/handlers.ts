import type { Handlers } from '../api/handler.ts';
import type { Alarms } from './alarms.ts';

/** Windows that a comparison covers unless it is told otherwise. */
const comparedWindows = 20;

/** The routes of drift. */
export function alarmHandlers(
  alarms: Alarms,
): Handlers<'listAlarms' | 'getAlarm' | 'dismissAlarm' | 'retrain' | 'deviceProfile'> {
  return {
    listAlarms: async ({ query }) => [...(await alarms.list({ limit: query.limit ?? 100 }))],
    getAlarm: ({ params }) => alarms.get(params.alarm),
    dismissAlarm: ({ params }, { caller }) => alarms.dismiss(params.alarm, caller.name),
    retrain: ({ params }, { caller }) => alarms.retrain(params.alarm, caller.name),
    deviceProfile: async ({ params, query }) => [
      ...(await alarms.compare(params.device, query.windows ?? comparedWindows)),
    ],
  };
}
