import type { BundleRef, Code, ParityReport } from '@edgewise/protocol';

/** The places a bundle can hold on a device. */
export const roles = ['active', 'candidate', 'fallback'] as const;
export type Role = (typeof roles)[number];

/** Everything the reconciler can do, and what it needs to know to do it. Steps survive JSON. */
export interface StepArgs {
  /** Fetch manifest, signature and blobs; what is already on the disk is kept. */
  readonly downloadBundle: { readonly bundle: BundleRef };
  /** Read everything back from the disk: signature, digests, compatibility. */
  readonly verifyBundle: { readonly bundle: BundleRef };
  /** Make a verified bundle the candidate. */
  readonly installSlot: { readonly bundle: BundleRef };
  /** Load the candidate and compare its golden answers. */
  readonly proveSlot: { readonly manifest: string };
  /** Let a proved bundle serve: a candidate on trial, a fallback at once. */
  readonly activateSlot: { readonly manifest: string; readonly from: 'candidate' | 'fallback' };
  /** End the trial of the active slot well. */
  readonly confirmSlot: { readonly manifest: string };
  /** End the trial badly: refuse the bundle and let the fallback serve. */
  readonly revertSlot: { readonly manifest: string; readonly detail: string };
  readonly removeSlot: { readonly role: Role; readonly manifest: string };
  /** Note that this device will not run a bundle. */
  readonly refuseBundle: {
    readonly manifest: string;
    readonly code: Code;
    readonly detail: string;
    /** The certificate that it failed. */
    readonly parity?: ParityReport;
  };
  /** Nothing can be done now; says why, and until when where that is known. */
  readonly wait: { readonly code: Code; readonly detail: string; readonly untilMs?: number };
}

export type StepName = keyof StepArgs;
/** A step with its name. */
export type StepOf<N extends StepName> = {
  readonly [M in N]: { readonly name: M } & StepArgs[M];
}[N];
/** Any step. */
export type Step = StepOf<StepName>;
/** Steps that change something. */
export type Action = StepOf<Exclude<StepName, 'wait'>>;
