import { type ChannelName, channelNames, channelOf, channels } from '@edgewise/protocol';
import type { Principal } from './principal.ts';

/** A packet as far as permissions care. */
interface Publication {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** Whether somebody may publish this; everything follows from the channel table. */
export function mayPublish(who: Principal, fleet: string, publication: Publication): boolean {
  if (who.kind === 'hub') return true;
  if (who.kind === 'api') return false;
  const found = channelOf(publication.topic);
  if (!found || publication.qos > 1) return false;
  const { from, retain } = channels[found.channel];
  const { device, ...params }: { fleet?: string; device?: string } = found.params;
  return (
    from === 'agent' &&
    params.fleet === fleet &&
    device === who.device &&
    (retain || !publication.retain)
  );
}

/** What a subscription needs: nothing more, a look at the device's target, or it is refused. */
export type SubscriptionVerdict =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'granted-if-target-names'; readonly digest: string };

const granted = { kind: 'granted' } as const;
const refused = { kind: 'refused' } as const;

/** Inputs and model bytes go to those they are for, not to everybody with a token. */
const notForReaders: ReadonlySet<ChannelName> = new Set(['sample', 'want', 'need', 'blob']);

/** Judges a subscription filter; everything follows from the channel table. `#` is never granted. */
export function judgeSubscription(
  who: Principal,
  fleet: string,
  filter: string,
): SubscriptionVerdict {
  if (who.kind === 'hub') return granted;
  const found = channelOfFilter(filter);
  if (!found || found.params.get('fleet') !== fleet) return refused;
  if (who.kind === 'api') return notForReaders.has(found.channel) ? refused : granted;
  const { from } = channels[found.channel];
  if (from !== 'hub') return refused;
  const digest = found.params.get('digest');
  if (found.channel === 'blob') {
    return digest === undefined || digest === '+'
      ? refused
      : { kind: 'granted-if-target-names', digest };
  }
  return found.params.get('device') === who.device ? granted : refused;
}

/** The channel whose topics a filter matches, with `+` where it leaves a value open. */
export function channelOfFilter(
  filter: string,
): { readonly channel: ChannelName; readonly params: ReadonlyMap<string, string> } | undefined {
  const levels = filter.split('/');
  for (const channel of channelNames) {
    const params = matchTemplate(channels[channel].topic.split('/'), levels);
    if (params) return { channel, params };
  }
  return undefined;
}

function matchTemplate(
  template: readonly string[],
  levels: readonly string[],
): ReadonlyMap<string, string> | undefined {
  if (template.length !== levels.length) return undefined;
  const params = new Map<string, string>();
  for (const [index, name] of template.entries()) {
    const level = levels[index] ?? '';
    if (name.startsWith('{')) {
      if (!/^(?:\+|[a-z0-9-]{1,64})$/.test(level)) return undefined;
      params.set(name.slice(1, -1), level);
    } else if (name !== level) {
      return undefined;
    }
  }
  return params;
}
