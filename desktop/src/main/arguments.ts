import { hubAddress } from './handlers.ts';

/** What a start of the shell was asked to open. */
export interface Wanted {
  readonly hub: string | undefined;
  /** The part of a link behind `#`, such as a sign-in code. */
  readonly hash: string | undefined;
}

/** Finds a hub's address or link among the arguments of a process. */
export function wantedOf(argv: readonly string[]): Wanted {
  const link = argv.findLast((each) => /^https?:\/\//.test(each));
  if (link === undefined) return { hub: undefined, hash: undefined };
  const hash = URL.parse(link)?.hash ?? '';
  return { hub: hubAddress(link), hash: hash === '' ? undefined : hash };
}
