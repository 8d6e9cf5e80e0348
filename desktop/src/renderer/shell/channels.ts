/** What the pages may ask of the shell around them, and what they get. */
export interface ShellRequests {
  /** Versions of the shell, for the sign-in page. */
  'shell:info': { readonly args: Record<never, never>; readonly answer: ShellInfo };
  /** Address of the hub whose pages and API are shown; null before one was chosen. */
  'hub:get': {
    readonly args: Record<never, never>;
    readonly answer: { readonly url: string | null };
  };
  /** Chooses another hub. It is asked for its health first. */
  'hub:set': { readonly args: { readonly url: string }; readonly answer: HubChoice };
}

/** What the shell tells the pages by itself. */
export interface ShellEvents {
  /** Another hub was chosen: everything shown is from the old one. */
  'hub:changed': { readonly url: string };
  /** A link was opened outside: the part of its address behind `#`. */
  'address:open': { readonly hash: string };
}

/** What the pages may know of the shell. */
export interface ShellInfo {
  readonly version: string;
  readonly platform: string;
}

/** Whether a hub answers at the chosen address. */
export type HubChoice =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly reason: 'not-an-address' | 'no-answer' };

export type ShellRequestName = keyof ShellRequests;
export type ShellEventName = keyof ShellEvents;

/** Names of all requests: nothing else passes the preload script. */
export const shellRequestNames = [
  'shell:info',
  'hub:get',
  'hub:set',
] as const satisfies readonly ShellRequestName[];
/** Names of all events. */
export const shellEventNames = [
  'hub:changed',
  'address:open',
] as const satisfies readonly ShellEventName[];

/** What the preload script puts on the window as `edgewiseShell`. */
export interface Shell {
  ask<N extends ShellRequestName>(
    name: N,
    args: ShellRequests[N]['args'],
  ): Promise<ShellRequests[N]['answer']>;
  /** Returns how to stop listening. */
  listen<N extends ShellEventName>(name: N, listener: (event: ShellEvents[N]) => void): () => void;
}
