import { CircleCheck, CircleDashed, LoaderCircle, OctagonAlert, TriangleAlert } from 'lucide-react';
import { text } from '../text/text.ts';
import type { Level } from './levels.ts';

/** A level, or something that is on its way and neither good nor bad. */
export type Badge = Level | 'busy';

const icons = {
  well: CircleCheck,
  watch: TriangleAlert,
  act: OctagonAlert,
  unknown: CircleDashed,
  busy: LoaderCircle,
} as const satisfies Record<Badge, unknown>;

const colours = {
  well: 'text-well',
  watch: 'text-watch',
  act: 'text-act',
  unknown: 'text-unknown',
  busy: 'text-accent',
} as const satisfies Record<Badge, string>;

interface StateBadgeProps {
  readonly level: Badge;
  /** What stands instead of the level's own word. */
  readonly word?: string | undefined;
  /** The reason, on hover. */
  readonly title?: string | undefined;
  /** On a narrow page the icon stands alone; the word is still read out. */
  readonly brief?: boolean;
}

/** A state as colour, icon and word. */
export function StateBadge({ level, word, title, brief = false }: StateBadgeProps) {
  const Icon = icons[level];
  return (
    <span
      className={`inline-flex items-center gap-1.5 align-middle whitespace-nowrap ${colours[level]}`}
      title={title}
      data-level={level}
    >
      <Icon size={14} aria-hidden />
      <span className={brief ? 'max-sm:sr-only' : ''}>{word ?? text.levels[level]}</span>
    </span>
  );
}
