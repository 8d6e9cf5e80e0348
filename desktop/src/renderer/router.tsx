import {
  createHashHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  parseSearchWith,
  redirect,
  stringifySearchWith,
} from '@tanstack/react-router';
import { addresses } from './addresses.ts';
import { Frame } from './frame/frame.tsx';
import { NotFound } from './frame/not-found.tsx';
import { DeviceScreen } from './screens/device/screen.tsx';
import { DriftScreen } from './screens/drift/screen.tsx';
import { FleetScreen } from './screens/fleet/screen.tsx';
import { LabelScreen } from './screens/label/screen.tsx';
import { ModelsScreen } from './screens/models/screen.tsx';
import { SignInScreen } from './screens/sign-in/screen.tsx';
import { SweepScreen } from './screens/sweep/screen.tsx';
import type { Session } from './session/session.ts';

/** What guards of pages look at. */
interface RouterContext {
  readonly session: Session;
}

const root = createRootRouteWithContext<RouterContext>()({ notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  component: SignInScreen,
  validateSearch: addresses.signIn,
});

const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  component: Frame,
  beforeLoad: ({ context, location }) => {
    if (!context.session.current())
      throw redirect({ to: '/signin', search: { next: location.href } });
  },
});

const home = createRoute({
  getParentRoute: () => frame,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/fleet' });
  },
});

const fleet = createRoute({
  getParentRoute: () => frame,
  path: '/fleet',
  component: FleetScreen,
  validateSearch: addresses.fleet,
});

const device = createRoute({
  getParentRoute: () => frame,
  path: '/devices/$device',
  component: DeviceScreen,
  validateSearch: addresses.device,
});

const models = createRoute({
  getParentRoute: () => frame,
  path: '/models',
  component: ModelsScreen,
  validateSearch: addresses.models,
});

const sweep = createRoute({
  getParentRoute: () => frame,
  path: '/models/sweeps/$sweep',
  component: SweepScreen,
  validateSearch: addresses.sweep,
});

const drift = createRoute({
  getParentRoute: () => frame,
  path: '/drift',
  component: DriftScreen,
  validateSearch: addresses.drift,
});

const label = createRoute({
  getParentRoute: () => frame,
  path: '/label',
  component: LabelScreen,
  validateSearch: addresses.label,
});

/** Every page. The address is behind `#`, so that a hub and a shell both serve it from one file. */
export function createConsoleRouter(session: Session) {
  return createRouter({
    routeTree: root.addChildren([
      signIn,
      frame.addChildren([home, fleet, device, models, sweep, drift, label]),
    ]),
    context: { session },
    history: createHashHistory(),
    // Values in addresses are plain words: a code that looks like a number stays as it is.
    parseSearch: parseSearchWith((value) => value),
    stringifySearch: stringifySearchWith(String),
    defaultPreload: false,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
