import type { Handlers } from '../api/handler.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { DeviceView } from './device-view.ts';
import type { Enrolments } from './enrolment.ts';
import type { Fleet } from './fleet.ts';

/** Routes that the fleet answers. */
export type FleetRoutes =
  | 'time'
  | 'identity'
  | 'enrol'
  | 'createEnrolment'
  | 'listDevices'
  | 'getDevice'
  | 'revokeDevice'
  | 'commandDevice'
  | 'deviceWindows'
  | 'deviceEvents';

/** What the fleet's routes stand on. */
export interface FleetHandlerOptions {
  readonly fleet: Fleet;
  readonly enrolments: Enrolments;
  readonly telemetry: Telemetry;
  readonly view: DeviceView;
}

/** How many windows or events come without a limit. */
const pageSize = 100;

/** Answers of the fleet's routes. */
export function fleetHandlers(options: FleetHandlerOptions): Handlers<FleetRoutes> {
  const { fleet, enrolments, telemetry, view } = options;
  return {
    time: ({ query }) => enrolments.time(query.nonce),
    identity: ({ query }) => enrolments.prove(query.nonce),
    enrol: ({ body }) => enrolments.enrol(body),
    createEnrolment: () => enrolments.createToken(),
    listDevices: async () => Promise.all((await fleet.list()).map(view.device)),
    getDevice: async ({ params }) => view.device(await fleet.get(params.device)),
    async revokeDevice({ params }) {
      await fleet.revoke(params.device);
      return { ok: true };
    },
    commandDevice: ({ params, body }, { signal }) => fleet.command(params.device, body, signal),
    async deviceWindows({ params, query }) {
      await fleet.get(params.device);
      const { limit = pageSize, beforeMs } = query;
      const page = { limit, ...(beforeMs !== undefined && { beforeMs }) };
      return Promise.all((await telemetry.windows(params.device, page)).map(view.window));
    },
    async deviceEvents({ params, query }) {
      await fleet.get(params.device);
      const events = await telemetry.events(params.device, { limit: query.limit ?? pageSize });
      return events.map(({ event }) => event);
    },
  };
}
