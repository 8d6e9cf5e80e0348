import type { Alarm, DriftFinding } from '@edgewise/protocol/http';

/** One sentence for people: what changed, by how much, where, since when, on what evidence. */
export function alarmSentence({
  findings,
  devices,
  unchanged,
}: Pick<Alarm, 'findings' | 'devices' | 'unchanged'>): string {
  const strongest = findings.reduce<DriftFinding | undefined>(
    (best, next) => (best === undefined || weight(next) > weight(best) ? next : best),
    undefined,
  );
  if (strongest === undefined) return 'Something changed.';
  const since = timeOf(Math.min(...findings.map(({ sinceMs }) => sinceMs)));
  const others = findings.length - 1;
  const more = others === 0 ? '' : ` and ${others} more ${others === 1 ? 'finding' : 'findings'}`;
  const calm = unchanged.length === 0 ? '' : ` ${list(unchanged)} did not change.`;
  return `${changeOf(strongest)}${more} on ${list(devices)} since ${since}${evidenceOf(strongest)}.${calm}`;
}

/** Faults of the data first, then numeric features, by evidence. */
function weight({ pattern, logM }: DriftFinding): number {
  if (isFault(pattern)) return Number.MAX_VALUE;
  return pattern === 'predictions' ? logM / 1000 : logM;
}

/** Patterns that say the data themselves are at fault. */
export function isFault(pattern: DriftFinding['pattern']): boolean {
  return pattern === 'stuck' || pattern === 'saturation' || pattern === 'dropout';
}

function changeOf({ feature, pattern, effectSd, gain }: DriftFinding): string {
  const name = `Feature "${feature}"`;
  const moved = `${(effectSd ?? 0) < 0 ? 'fell' : 'rose'} by ${Math.abs(effectSd ?? 0).toFixed(1)} sd`;
  const spread = `spreads ${(gain ?? 1).toFixed(2)} times as wide`;
  switch (pattern) {
    case 'offset':
      return `${name} ${moved}`;
    case 'gain':
      return `${name} ${spread}`;
    case 'both':
      return `${name} ${moved} and ${spread}`;
    case 'free':
      return `${name} changed its shape`;
    case 'stuck':
      return `${name} is stuck at one value`;
    case 'saturation':
      return `${name} piles up at the end of its range`;
    case 'dropout':
      return `${name} is missing too often`;
    case 'predictions':
      return 'The mix of predictions changed';
  }
}

function evidenceOf({ logM, logThreshold, pattern }: DriftFinding): string {
  if (isFault(pattern)) return '';
  return ` (M ${power(logM)}, alarm at ${power(logThreshold)})`;
}

/** Hour and minute at the hub. */
function timeOf(atMs: number): string {
  const format = { hour: '2-digit', minute: '2-digit', hour12: false } as const;
  return new Date(atMs).toLocaleTimeString('en-GB', format);
}

/** A number that is given by its natural logarithm: 12,000 or about 10^27. */
function power(log: number): string {
  const exponent = log / Math.LN10;
  if (exponent < 6) return Math.round(Math.exp(log)).toLocaleString('en-US');
  return `about 10^${Math.round(exponent)}`;
}

function list(names: readonly string[]): string {
  if (names.length > 5) return `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
