import { Link, useLocation } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { Fragment } from 'react';
import { text } from '../text/text.ts';
import { crumbsOf } from './crumbs.ts';

/** The way from the fleet to this object. */
export function Breadcrumbs({ fleet }: { readonly fleet: string | undefined }) {
  const location = useLocation();
  const crumbs = crumbsOf(location.pathname, location.search, fleet);
  return (
    <nav aria-label={text.frame.you} className="flex min-w-0 items-center gap-1 text-soft">
      {crumbs.map((crumb, index) => (
        <Fragment key={`${crumb.href} ${crumb.name}`}>
          {index > 0 && (
            <ChevronRight
              size={14}
              className={`shrink-0 text-faint ${index === 1 ? 'max-sm:hidden' : ''}`}
              aria-hidden
            />
          )}
          {index === crumbs.length - 1 ? (
            <span aria-current="page" className="truncate font-medium text-ink">
              {crumb.name}
            </span>
          ) : (
            <Link
              to={crumb.href}
              className={`truncate hover:text-ink ${index === 0 ? 'max-sm:hidden' : ''}`}
            >
              {crumb.name}
            </Link>
          )}
        </Fragment>
      ))}
    </nav>
  );
}
