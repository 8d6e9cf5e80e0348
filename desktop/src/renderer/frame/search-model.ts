import type { Alarm, Device, ModelInfo } from '@edgewise/protocol/http';
import { text } from '../text/text.ts';
import { places } from './places.ts';

/** Something that search can open. */
export interface SearchHit {
  readonly key: string;
  readonly kind: 'screen' | 'device' | 'model' | 'alarm';
  readonly name: string;
  readonly note: string;
  readonly to: string;
  readonly search: Readonly<Record<string, string | number>>;
}

interface SearchSources {
  readonly devices: readonly Device[];
  readonly models: readonly ModelInfo[];
  readonly alarms: readonly Alarm[];
}

/** The most hits that are shown. */
const hitLimit = 12;

/** What can be found, screens first. */
export function searchItems({ devices, models, alarms }: SearchSources): readonly SearchHit[] {
  return [
    ...places.map(({ name, to }) => hit('screen', to, { name, to })),
    ...devices.map((device) =>
      hit('device', device.id, {
        note: text.presence[device.presence.status],
        to: `/devices/${device.id}`,
      }),
    ),
    ...models.map((model) =>
      hit('model', model.id, {
        note: model.latestVersion === null ? '' : text.modelVersion(model.id, model.latestVersion),
        to: '/models',
        search: { model: model.id },
      }),
    ),
    ...alarms.map((alarm) =>
      hit('alarm', alarm.id, { note: alarm.sentence, to: '/drift', search: { alarm: alarm.id } }),
    ),
  ];
}

/** Items in which every word occurs; those whose name begins with the first word come first. */
export function findHits(items: readonly SearchHit[], wanted: string): readonly SearchHit[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const first = words[0] ?? '';
  const starts = (item: SearchHit) => (item.name.toLowerCase().startsWith(first) ? 0 : 1);
  return items
    .filter((item) =>
      words.every((word) => `${item.name} ${item.note} ${item.kind}`.toLowerCase().includes(word)),
    )
    .toSorted((a, b) => starts(a) - starts(b))
    .slice(0, hitLimit);
}

function hit(
  kind: SearchHit['kind'],
  id: string,
  rest: {
    readonly to: string;
    readonly name?: string;
    readonly note?: string;
    readonly search?: SearchHit['search'];
  },
): SearchHit {
  return {
    key: `${kind}-${id}`,
    kind,
    name: rest.name ?? id,
    note: rest.note ?? '',
    to: rest.to,
    search: rest.search ?? {},
  };
}
