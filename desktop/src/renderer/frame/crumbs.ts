import { addresses } from '../addresses.ts';
import { text } from '../text/text.ts';

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
  const [screen = '', object] = path.split('/').filter(Boolean);
  const home = { name: fleet ?? text.product, href: '/' };
  const place = places[screen];
  if (!place) return [home];
  const name = object === undefined ? objectOf(screen, search) : decodeURIComponent(object);
  return name === undefined ? [home, place] : [home, place, { name, href: path }];
}

const places: Readonly<Record<string, Crumb>> = {
  fleet: { name: text.frame.fleet, href: '/fleet' },
  devices: { name: text.frame.fleet, href: '/fleet' },
  models: { name: text.frame.models, href: '/models' },
  drift: { name: text.frame.drift, href: '/drift' },
  label: { name: text.frame.label, href: '/label' },
};

function objectOf(screen: string, search: Readonly<Record<string, unknown>>): string | undefined {
  if (screen === 'drift') return addresses.drift(search).alarm;
  if (screen === 'label') return addresses.label(search).model;
  if (screen !== 'models') return undefined;
  const { model, version } = addresses.models(search);
  return model !== undefined && version !== undefined ? text.modelVersion(model, version) : model;
}
