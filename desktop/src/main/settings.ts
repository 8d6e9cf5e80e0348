import { hubAddress } from './handlers.ts';

/** A rectangle on the screen in device-independent pixels. */
export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What the shell remembers. */
export interface Settings {
  readonly hub: string | null;
  readonly bounds: Bounds | null;
}

const smallest = { width: 380, height: 480 } as const;

/** Reads remembered settings; whatever is not as written is forgotten. */
export function parseSettings(json: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // A file that was cut short counts as none.
    return { hub: null, bounds: null };
  }
  const hub = memberOf(value, 'hub');
  return {
    hub: typeof hub === 'string' ? (hubAddress(hub) ?? null) : null,
    bounds: parseBounds(memberOf(value, 'bounds')),
  };
}

/** Where the window opens: where it was, if that is still on a screen. */
export function visibleBounds(bounds: Bounds | null, screens: readonly Bounds[]): Bounds | null {
  if (bounds === null) return null;
  const seen = screens.some(
    (screen) =>
      bounds.x < screen.x + screen.width - 40 &&
      bounds.x + bounds.width > screen.x + 40 &&
      bounds.y >= screen.y - 8 &&
      bounds.y < screen.y + screen.height - 40,
  );
  return seen ? bounds : null;
}

function parseBounds(value: unknown): Bounds | null {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => memberOf(value, name));
  if (![x, y, width, height].every(Number.isInteger)) return null;
  const bounds = { x, y, width, height } as Bounds;
  return bounds.width >= smallest.width && bounds.height >= smallest.height ? bounds : null;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
