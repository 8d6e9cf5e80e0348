import type { HubChoice, ShellInfo } from '../renderer/shell/channels.ts';
import type { RequestHandlers } from './requests.ts';

/** What the handlers need of the shell. */
export interface ShellState {
  readonly info: ShellInfo;
  readonly hub: () => string | null;
  readonly setHub: (url: string) => void;
  /** Whether a hub answers there. */
  readonly isHub: (url: string) => Promise<boolean>;
}

/** Answers of the shell. */
export function createHandlers(state: ShellState): RequestHandlers {
  return {
    'shell:info': { parse: parseNothing, answer: () => state.info },
    'hub:get': { parse: parseNothing, answer: () => ({ url: state.hub() }) },
    'hub:set': {
      parse: (args) => {
        const url = memberOf(args, 'url');
        return typeof url === 'string' && url.length <= 2_048 ? { url } : undefined;
      },
      answer: ({ url }) => chooseHub(state, url),
    },
  };
}

async function chooseHub(state: ShellState, text: string): Promise<HubChoice> {
  const url = hubAddress(text);
  if (url === undefined) return { ok: false, reason: 'not-an-address' };
  if (!(await state.isHub(url))) return { ok: false, reason: 'no-answer' };
  state.setHub(url);
  return { ok: true, url };
}

/** Origin of a hub's address; undefined unless it is http or https without a password. */
export function hubAddress(text: string): string | undefined {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  if (url.username !== '' || url.password !== '' || url.hostname === '') return undefined;
  return url.origin;
}

function parseNothing(args: unknown): Record<never, never> | undefined {
  return typeof args === 'object' && args !== null ? {} : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
