import { addresses } from '../addresses.ts';
import { text } from '../text/text.ts';
import { places } from './places.ts';

/** One step of the way to what is shown. */
export interface Crumb {
  readonly name: string;
  readonly href: string;
}

/** Fleet, screen, object, as far as the address says. */
export function crumbsOf(
  path: string,
  search: Readonly<Record<string, unknown>>,
  fleet: string | undefined,
): readonly Crumb[] {
  const [screen = '', ...rest] = path.split('/').filter(Boolean);
  const object = rest.at(-1);
  const home = { name: fleet ?? text.product, href: '/' };
  const place = screenOf(screen);
  if (!place) return [home];
  const name = object === undefined ? objectOf(screen, search) : decodeURIComponent(object);
  return name === undefined ? [home, place] : [home, place, { name, href: path }];
}

/** The screen of a path's first part; a device belongs to the fleet. */
function screenOf(part: string): Crumb | undefined {
  const place = places.find(({ to }) => to === `/${part === 'devices' ? 'fleet' : part}`);
  return place && { name: place.name, href: place.to };
}

function objectOf(screen: string, search: Readonly<Record<string, unknown>>): string | undefined {
  if (screen === 'drift') return addresses.drift(search).alarm;
  if (screen === 'label') return addresses.label(search).model;
  if (screen !== 'models') return undefined;
  const { model, version } = addresses.models(search);
  return model !== undefined && version !== undefined ? text.modelVersion(model, version) : model;
}
