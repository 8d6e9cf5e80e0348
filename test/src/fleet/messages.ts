/** What the simulation and its worker processes say to each other. */

/** To a worker. */
export type ToWorker =
  | {
      readonly kind: 'start';
      /** One enrolment token per device, by device id. */
      readonly tokens: readonly (readonly [device: string, token: string])[];
      readonly folder: string;
      /** Counts the publishes of every block; absent in workers that do not hold it. */
      readonly observer: string | undefined;
    }
  | { readonly kind: 'stop' };

/** From a worker. */
export type FromWorker =
  | { readonly kind: 'ready' }
  /** Devices of this worker by the version that they serve. */
  | { readonly kind: 'serving'; readonly versions: Readonly<Record<number, number>> }
  | { readonly kind: 'publishes'; readonly counts: readonly PublishCount[] }
  | { readonly kind: 'failed'; readonly detail: string };

/** How often the blocks of one blob went out in one lane. */
export interface PublishCount {
  readonly digest: string;
  readonly lane: string;
  readonly publishes: number;
}
