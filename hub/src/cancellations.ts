import { FleetError } from '@edgewise/protocol';

/** Which of the queued and running pieces of work a person has called off. */
export interface Cancellations {
  /**
   * Work on one begins; its signal is aborted already where it was called off while it waited.
   * `remember` writes down that it is called off, for a process that is killed before the work has ended.
   */
  begin(id: string, remember: () => Promise<void>): AbortSignal;
  /** Work on it has ended. */
  end(id: string): void;
  /** Calls one off. Returns whether work on it is under way, which then ends it. */
  callOff(id: string, reason: string): Promise<boolean>;
}

/** Starts with nothing called off. */
export function createCancellations(): Cancellations {
  const known = new Map<string, AbortController>();
  const underWay = new Map<string, () => Promise<void>>();
  const controllerOf = (id: string): AbortController => {
    const controller = known.get(id) ?? new AbortController();
    known.set(id, controller);
    return controller;
  };
  return {
    begin(id, remember) {
      underWay.set(id, remember);
      return controllerOf(id).signal;
    },
    end(id) {
      underWay.delete(id);
      known.delete(id);
    },
    async callOff(id, reason) {
      controllerOf(id).abort(new FleetError('canceled', reason));
      const remember = underWay.get(id);
      await remember?.();
      return remember !== undefined;
    },
  };
}
