import { FleetError } from '@edgewise/protocol';

/** Which of the queued and running pieces of work a person has called off. */
export interface Cancellations {
  /** Work on one begins; its signal is aborted already where it was called off while it waited. */
  begin(id: string): AbortSignal;
  /** Work on it has ended. */
  end(id: string): void;
  /** Calls one off. Returns whether work on it is under way, which then ends it. */
  callOff(id: string, reason: string): boolean;
}

/** Starts with nothing called off. */
export function createCancellations(): Cancellations {
  const known = new Map<string, AbortController>();
  const underWay = new Set<string>();
  const controllerOf = (id: string): AbortController => {
    const controller = known.get(id) ?? new AbortController();
    known.set(id, controller);
    return controller;
  };
  return {
    begin(id) {
      underWay.add(id);
      return controllerOf(id).signal;
    },
    end(id) {
      underWay.delete(id);
      known.delete(id);
    },
    callOff(id, reason) {
      controllerOf(id).abort(new FleetError('canceled', reason));
      return underWay.has(id);
    },
  };
}
