/** What Electron lets a window do; all that a console does not need is off. */
export interface WindowSwitches {
  readonly preload: string;
  readonly sandbox: true;
  readonly contextIsolation: true;
  readonly nodeIntegration: false;
  readonly nodeIntegrationInSubFrames: false;
  readonly nodeIntegrationInWorker: false;
  readonly webSecurity: true;
  readonly webviewTag: false;
  readonly navigateOnDragDrop: false;
  readonly spellcheck: false;
}

/** The switches of every window. */
export function windowSwitches(preload: string): WindowSwitches {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    nodeIntegrationInWorker: false,
    webSecurity: true,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
  };
}

interface Preventable {
  preventDefault(): void;
}

/** The part of Electron's `WebContents` that is closed off. */
export interface ContentsPort {
  on(event: 'will-navigate', listener: (event: Preventable, url: string) => void): unknown;
  on(event: 'will-redirect', listener: (event: Preventable, url: string) => void): unknown;
  on(event: 'will-attach-webview', listener: (event: Preventable) => void): unknown;
  setWindowOpenHandler(handler: () => { action: 'deny' }): void;
}

/** No window opens another one, embeds a page, or leaves the pages. */
export function hardenContents(contents: ContentsPort, origin: string): void {
  const stay = (event: Preventable, url: string) => {
    if (url !== origin && !url.startsWith(`${origin}/`)) event.preventDefault();
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** The part of Electron's `Session` that is closed off. */
export interface SessionPort {
  setPermissionRequestHandler(
    handler: (contents: unknown, permission: string, answer: (granted: boolean) => void) => void,
  ): void;
  setPermissionCheckHandler(handler: (contents: unknown, permission: string) => boolean): void;
}

/** Copying a command is the only permission the console needs. */
const granted: readonly string[] = ['clipboard-sanitized-write'];

/** Camera, microphone, location, notifications and all the rest are refused. */
export function hardenSession(session: SessionPort): void {
  session.setPermissionRequestHandler((_, permission, answer) =>
    answer(granted.includes(permission)),
  );
  session.setPermissionCheckHandler((_, permission) => granted.includes(permission));
}
