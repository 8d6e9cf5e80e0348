// The Electron shell: one window with every switch closed, around the same pages that a hub serves.
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, ipcMain, net, protocol, screen, session } from 'electron';
import type { ShellEventName, ShellEvents } from '../renderer/shell/channels.ts';
import { wantedOf } from './arguments.ts';
import { createHandlers } from './handlers.ts';
import { hardenContents, hardenSession, windowSwitches } from './harden.ts';
import { createPages, pagesOrigin, pagesScheme } from './pages.ts';
import { handleRequests } from './requests.ts';
import { parseSettings, type Settings, visibleBounds } from './settings.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const settingsFile = path.join(app.getPath('userData'), 'console.json');
const wanted = wantedOf(process.argv);
let settings = readSettings();
if (wanted.hub !== undefined) remember({ hub: wanted.hub });

protocol.registerSchemesAsPrivileged([
  {
    scheme: pagesScheme,
    privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true },
  },
]);
app.enableSandbox();
app.on('web-contents-created', (_, contents) => hardenContents(contents, pagesOrigin));
app.on('window-all-closed', () => app.quit());

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_, argv) => openAgain(wantedOf(argv)));
  // Not awaited here: Electron is ready only once this module has been evaluated.
  void app.whenReady().then(start);
} else {
  app.quit();
}

function start(): void {
  hardenSession(session.defaultSession);
  protocol.handle(
    pagesScheme,
    createPages({
      folder: path.join(here, '..', 'renderer'),
      hub: () => settings.hub,
      readFile,
      fetch: (request) => net.fetch(request, { bypassCustomProtocolHandlers: true }),
    }),
  );
  handleRequests(
    ipcMain,
    createHandlers({
      info: { version: app.getVersion(), platform: process.platform },
      hub: () => settings.hub,
      setHub: (url) => {
        remember({ hub: url });
        tell('hub:changed', { url });
      },
      isHub: async (url) => {
        const health = await net.fetch(`${url}/health`).catch(() => undefined);
        return health?.ok === true;
      },
    }),
    pagesOrigin,
  );
  openWindow(wanted.hash);
}

function openWindow(hash: string | undefined): void {
  const bounds = visibleBounds(
    settings.bounds,
    screen.getAllDisplays().map((display) => display.workArea),
  );
  const window = new BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 380,
    minHeight: 480,
    ...bounds,
    show: false,
    autoHideMenuBar: true,
    title: 'Edgewise',
    webPreferences: windowSwitches(path.join(here, '..', 'preload', 'main.cjs')),
  });
  window.once('ready-to-show', () => window.show());
  window.on('close', () => remember({ bounds: window.getNormalBounds() }));
  void window.loadURL(`${pagesOrigin}/${hash ?? ''}`);
}

/** A second start shows the window that is there, and opens its link in it. */
function openAgain({ hub, hash }: ReturnType<typeof wantedOf>): void {
  const [window] = BrowserWindow.getAllWindows();
  if (window?.isMinimized()) window.restore();
  window?.focus();
  if (hub !== undefined && hub !== settings.hub) {
    remember({ hub });
    tell('hub:changed', { url: hub });
  }
  if (hash !== undefined) tell('address:open', { hash });
}

function tell<N extends ShellEventName>(name: N, event: ShellEvents[N]): void {
  for (const window of BrowserWindow.getAllWindows()) window.webContents.send(name, event);
}

function readSettings(): Settings {
  try {
    return parseSettings(readFileSync(settingsFile, 'utf8'));
  } catch {
    // The first start has no file.
    return parseSettings('{}');
  }
}

function remember(change: Partial<Settings>): void {
  settings = { ...settings, ...change };
  writeFileSync(settingsFile, JSON.stringify(settings));
}
