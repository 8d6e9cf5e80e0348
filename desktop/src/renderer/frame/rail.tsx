import { Link } from '@tanstack/react-router';
import { text } from '../text/text.ts';
import { type Place, places } from './places.ts';

interface RailProps {
  readonly openAlarms: number;
  readonly labelsWaiting: number;
}

/** The screens, at the left of a desktop and at the bottom of a phone. */
export function Rail({ openAlarms, labelsWaiting }: RailProps) {
  const waiting: Readonly<Partial<Record<Place['to'], Waiting>>> = {
    '/drift': { count: openAlarms, countTitle: text.frame.openAlarms(openAlarms), urgent: true },
    '/label': { count: labelsWaiting, countTitle: text.frame.waiting(labelsWaiting) },
  };
  return (
    <nav
      aria-label={text.frame.main}
      className="flex shrink-0 items-stretch border-t bg-surface pb-[env(safe-area-inset-bottom)] sm:w-(--rail) sm:flex-col sm:gap-1 sm:border-t-0 sm:border-r sm:p-1.5"
    >
      <Mark />
      {places.map((place) => (
        <PlaceLink key={place.to} place={place} {...waiting[place.to]} />
      ))}
    </nav>
  );
}

function Mark() {
  return (
    <div className="hidden h-11 place-items-center sm:grid" title={text.product}>
      <svg viewBox="0 0 32 32" width="26" height="26" role="img" aria-label={text.product}>
        <rect width="32" height="32" rx="8" fill="var(--accent)" />
        <path
          d="M7 21c3.2 0 3.2-10 7-10s3.2 10 6.5 10S23.5 15 25 15"
          fill="none"
          stroke="var(--accent-ink)"
          strokeWidth="2.6"
          strokeLinecap="round"
        />
      </svg>
    </div>
  );
}

/** What waits for somebody on a screen. */
interface Waiting {
  readonly count?: number;
  readonly countTitle?: string;
  readonly urgent?: boolean;
}

interface PlaceLinkProps extends Waiting {
  readonly place: Place;
}

function PlaceLink({ place, count = 0, countTitle, urgent = false }: PlaceLinkProps) {
  const { to, icon: Icon, name } = place;
  return (
    <Link
      to={to}
      className="relative flex h-13 flex-1 flex-col items-center justify-center gap-0.5 text-[11px] leading-4 text-soft hover:bg-hover hover:text-ink sm:flex-none sm:rounded-md"
      activeProps={{ className: '!text-ink bg-selected font-medium' }}
    >
      <Icon size={18} aria-hidden />
      {name}
      {count > 0 && (
        <span
          title={countTitle}
          className={`absolute top-1 left-1/2 ml-1.5 min-w-4 rounded-full px-1 text-center text-[10px] leading-4 font-semibold ${urgent ? 'bg-act text-surface' : 'bg-accent text-accent-ink'}`}
        >
          {count > 99 ? '99+' : count}
          <span className="sr-only"> {countTitle}</span>
        </span>
      )}
    </Link>
  );
}
