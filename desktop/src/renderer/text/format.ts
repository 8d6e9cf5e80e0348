import { noNumber } from '@edgewise/protocol/http';
import { text } from './text.ts';

/** Numbers, sizes and times for people. Everything goes through `Intl` with one locale. */
const locale = 'en';

/** What stands where there is no value. */
export const none = '–';

const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const percent1 = new Intl.NumberFormat(locale, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const percent2 = new Intl.NumberFormat(locale, {
  style: 'percent',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'narrow' });
const clock = new Intl.DateTimeFormat(locale, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const dayAndClock = new Intl.DateTimeFormat(locale, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const exactLocal = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' });

type Maybe = number | null | undefined;

/** A whole number with separators. */
export function formatCount(value: Maybe): string {
  return present(value) ? integer.format(value) : none;
}

/** A number short enough for an axis or a cell: 40.2K. */
export function formatCompact(value: Maybe): string {
  return present(value) ? compact.format(value) : none;
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Evidence M from its natural logarithm: a short number, or a power of ten from a million on. */
export function formatEvidence(logM: Maybe): string {
  if (!present(logM)) return none;
  if (logM < Math.log(0.1)) return '< 0.1';
  if (logM < Math.log(999_500)) return compact.format(Math.exp(logM));
  const power = String(Math.floor(logM / Math.LN10 + 1e-9));
  return `10${[...power].map((digit) => superscripts[Number(digit)]).join('')}`;
}

/** A number with this many significant digits. */
export function formatNumber(value: Maybe, digits = 3): string {
  if (!present(value)) return none;
  const tiny = value !== 0 && Math.abs(value) < 0.0001;
  return new Intl.NumberFormat(locale, {
    maximumSignificantDigits: digits,
    notation: tiny ? 'scientific' : 'standard',
  }).format(value);
}

/** How far an answer is from a golden one; devices say so, too, where an answer is no number. */
export function formatDeviation(value: Maybe): string {
  return value === noNumber ? text.noNumber : formatNumber(value);
}

/** A share between 0 and 1 as percent with one digit. */
export function formatShare(value: Maybe): string {
  return present(value) ? percent1.format(value) : none;
}

/** An accuracy between 0 and 1 as percent with two digits. */
export function formatAccuracy(value: Maybe): string {
  return present(value) ? percent2.format(value) : none;
}

/** A difference of two shares in percentage points, with its sign. */
export function formatPoints(value: Maybe): string {
  if (!present(value)) return none;
  const points = value * 100;
  const sign = points > 0.005 ? '+' : '';
  return `${sign}${(Math.abs(points) < 0.005 ? 0 : points).toFixed(2).replace('-', '−')}`;
}

/** Bytes in decimal units: 94.3 kB. */
export function formatBytes(value: Maybe): string {
  if (!present(value)) return none;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let rest = value;
  let unit = 0;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 100 ? 0 : 1;
  return `${rest.toFixed(digits)} ${units[unit]}`;
}

/** Microseconds as milliseconds or, when long, seconds. */
export function formatLatency(us: Maybe): string {
  if (!present(us)) return none;
  if (us === 0) return '0 ms';
  if (us >= 1_000_000) return `${(us / 1_000_000).toFixed(1)} s`;
  const ms = us / 1000;
  return `${ms < 1 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

/** A span of time in its largest unit: 45 s, 12 min, 3 h. */
export function formatSpan(ms: Maybe): string {
  if (!present(ms)) return none;
  for (const [fromMs, name, unitMs] of spans)
    if (ms >= fromMs) return `${Math.round(ms / unitMs)} ${name}`;
  return `${Math.max(0, Math.round(ms))} ms`;
}

/** From which span on a unit is used, its name and size. */
const spans: readonly (readonly [number, string, number])[] = [
  [172_800_000, 'd', 86_400_000],
  [7_200_000, 'h', 3_600_000],
  [120_000, 'min', 60_000],
  [1_000, 's', 1_000],
];

/** How long ago something was: 3 min ago. */
export function formatAgo(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  const size = Math.abs(seconds);
  if (size < 60) return relative.format(seconds, 'second');
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(Math.round(seconds / 86_400), 'day');
}

/** Hours, minutes and seconds, local. */
export function formatClock(atMs: number): string {
  return clock.format(atMs);
}

/** Day, hours and minutes, local. */
export function formatDay(atMs: number): string {
  return dayAndClock.format(atMs);
}

/** The exact moment, local and in UTC. */
export function formatExact(atMs: number): string {
  return `${exactLocal.format(atMs)}\n${new Date(atMs).toISOString()}`;
}

/** The first digits of a digest, enough to tell two apart by eye; other names stay whole. */
export function shortDigest(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 10) : id;
}

function present(value: Maybe): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}
