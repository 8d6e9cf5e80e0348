import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBridge } from '../preload/bridge.ts';
import type { ShellEventName } from '../renderer/shell/channels.ts';
import { wantedOf } from './arguments.ts';
import { createHandlers, hubAddress } from './handlers.ts';
import { hardenContents, hardenSession, windowSwitches } from './harden.ts';
import { contentSecurityPolicy, createPages, pagesOrigin } from './pages.ts';
import { handleRequests, type MainPort, type RequestEvent } from './requests.ts';
import { parseSettings, visibleBounds } from './settings.ts';

const ours: RequestEvent = { senderFrame: { url: `${pagesOrigin}/#/fleet`, parent: null } };

/** Both ends of Electron's channels in one process, with the frame that asks. */
function linkedShell(sender: RequestEvent = ours) {
  const listeners = new Map<string, (event: RequestEvent, args: unknown) => unknown>();
  const heard = new Map<string, Set<(event: unknown, body: unknown) => void>>();
  const main: MainPort = { handle: (name, listener) => void listeners.set(name, listener) };
  let hub: string | null = null;
  handleRequests(
    main,
    createHandlers({
      info: { version: '0.1.0', platform: 'test' },
      hub: () => hub,
      setHub: (url) => {
        hub = url;
      },
      isHub: (url) => Promise.resolve(url.includes('127.0.0.1')),
    }),
    pagesOrigin,
  );
  const invoke = async (name: string, args: unknown) => {
    const listener = listeners.get(name);
    if (!listener) throw new Error(`no handler for ${name}`);
    // Electron clones what passes, so nothing but data arrives.
    return structuredClone(await listener(sender, structuredClone(args)));
  };
  const bridge = createBridge({
    invoke,
    on: (name, listener) => void heard.set(name, (heard.get(name) ?? new Set()).add(listener)),
    off: (name, listener) => void heard.get(name)?.delete(listener),
  });
  const send = (name: ShellEventName, body: unknown) => {
    for (const listener of heard.get(name) ?? []) listener({}, body);
  };
  return { bridge, invoke, send };
}

test('the pages learn and choose the hub through the bridge', async () => {
  const { bridge } = linkedShell();
  assert.deepEqual(await bridge.ask('hub:get', {}), { url: null });
  assert.deepEqual(await bridge.ask('hub:set', { url: '127.0.0.1:8320' }), {
    ok: true,
    url: 'http://127.0.0.1:8320',
  });
  assert.deepEqual(await bridge.ask('hub:get', {}), { url: 'http://127.0.0.1:8320' });
  assert.deepEqual(await bridge.ask('hub:set', { url: 'http://10.0.0.9' }), {
    ok: false,
    reason: 'no-answer',
  });
  assert.deepEqual(await bridge.ask('hub:set', { url: 'javascript:alert(1)' }), {
    ok: false,
    reason: 'not-an-address',
  });
});

test('the shell tells the pages until they stop listening', () => {
  const { bridge, send } = linkedShell();
  const hashes: string[] = [];
  const stop = bridge.listen('address:open', ({ hash }) => hashes.push(hash));
  send('address:open', { hash: '#/drift' });
  stop();
  send('address:open', { hash: '#/label' });
  assert.deepEqual(hashes, ['#/drift']);
});

test('the bridge passes no channel that is not in the map', async () => {
  const { bridge } = linkedShell();
  await assert.rejects(bridge.ask('fs:read' as never, {} as never), /does not answer/);
  assert.throws(() => bridge.listen('devtools' as never, () => undefined), /never says/);
});

for (const [who, senderFrame] of [
  ['another origin', { url: 'https://evil.example/', parent: null }],
  ['an origin that only begins like ours', { url: `${pagesOrigin}.evil.example/`, parent: null }],
  ['an iframe', { url: `${pagesOrigin}/`, parent: {} }],
  ['a frame that is gone', null],
] as const)
  test(`${who} gets no answer from the shell`, async () => {
    const { bridge } = linkedShell({ senderFrame });
    await assert.rejects(bridge.ask('hub:get', {}), /forbidden/);
  });

test('arguments that do not fit are refused before they reach anything', async () => {
  const { invoke } = linkedShell();
  for (const args of [undefined, {}, { url: 7 }, { url: 'x'.repeat(3_000) }])
    await assert.rejects(invoke('hub:set', args), /invalid-argument/);
  await assert.rejects(invoke('hub:get', 'all'), /invalid-argument/);
});

test('a hub address is an origin of http or https without a password', () => {
  assert.equal(hubAddress('hub.local:8320/#/signin?code=1'), 'http://hub.local:8320');
  assert.equal(hubAddress('https://hub.example/x'), 'https://hub.example');
  for (const bad of ['', 'file:///etc/passwd', 'http://user:word@hub', 'http://'])
    assert.equal(hubAddress(bad), undefined, bad);
});

test('windows are sandboxed and isolated, without Node', () => {
  const switches = windowSwitches('/preload.cjs');
  assert.deepEqual(
    [
      switches.sandbox,
      switches.contextIsolation,
      switches.webSecurity,
      switches.nodeIntegration,
      switches.webviewTag,
    ],
    [true, true, true, false, false],
  );
});

test('no navigation leaves the pages, and no window or web view opens', () => {
  const listeners = new Map<string, (event: { preventDefault(): void }, url: string) => void>();
  let open: (() => { action: string }) | undefined;
  hardenContents(
    {
      on: (name: string, listener: (event: { preventDefault(): void }, url: string) => void) =>
        listeners.set(name, listener),
      setWindowOpenHandler: (handler) => {
        open = handler;
      },
    },
    pagesOrigin,
  );
  const prevented = (name: string, url: string) => {
    let stopped = false;
    listeners.get(name)?.(
      {
        preventDefault: () => {
          stopped = true;
        },
      },
      url,
    );
    return stopped;
  };
  assert.equal(prevented('will-navigate', 'https://evil.example'), true);
  assert.equal(prevented('will-navigate', `${pagesOrigin}.evil.example/`), true);
  assert.equal(prevented('will-redirect', 'file:///etc/passwd'), true);
  assert.equal(prevented('will-navigate', `${pagesOrigin}/#/fleet`), false);
  assert.equal(prevented('will-attach-webview', ''), true);
  assert.deepEqual(open?.(), { action: 'deny' });
});

test('every permission but copying is refused', () => {
  const answers: Record<string, boolean> = {};
  hardenSession({
    setPermissionRequestHandler: (handler) => {
      for (const permission of [
        'media',
        'geolocation',
        'notifications',
        'clipboard-sanitized-write',
      ])
        handler(undefined, permission, (granted) => {
          answers[permission] = granted;
        });
    },
    setPermissionCheckHandler: (handler) => {
      answers['check media'] = handler(undefined, 'media');
    },
  });
  assert.deepEqual(answers, {
    media: false,
    geolocation: false,
    notifications: false,
    'clipboard-sanitized-write': true,
    'check media': false,
  });
});

function pagesWith(hub: string | null) {
  const asked: Request[] = [];
  const files: string[] = [];
  const answer = createPages({
    folder: '/pages',
    hub: () => hub,
    readFile: (file) =>
      files.push(file) && file === '/pages/index.html'
        ? Promise.resolve(new TextEncoder().encode('<html>'))
        : Promise.reject(new Error('none')),
    fetch: (request) => {
      asked.push(request);
      return hub === 'http://down'
        ? Promise.reject(new TypeError('refused'))
        : Promise.resolve(new Response('{}'));
    },
  });
  return {
    asked,
    files,
    ask: (address: string, init?: RequestInit) => answer(new Request(address, init)),
  };
}

test('pages come with a policy that lets nothing but their own files run', async () => {
  const page = await pagesWith(null).ask(`${pagesOrigin}/`);
  assert.equal(page.headers.get('content-security-policy'), contentSecurityPolicy);
  assert.ok(contentSecurityPolicy.includes("script-src 'self';"));
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
});

test('files outside the folder and other hosts are not served', async () => {
  const { ask, files } = pagesWith(null);
  assert.equal((await ask(`${pagesOrigin}/..%2f..%2fetc%2fpasswd`)).status, 404);
  assert.ok(files.every((file) => file.startsWith('/pages/')));
  assert.equal((await ask('edgewise://other/index.html')).status, 403);
  assert.equal((await ask(`${pagesOrigin}/absent.js`)).status, 404);
});

test('API calls go to the hub with their token and body, and without our origin', async () => {
  const { ask, asked } = pagesWith('http://127.0.0.1:8320');
  await ask(`${pagesOrigin}/api/v1/rollouts?limit=2`, {
    method: 'POST',
    body: '{"model":"digits"}',
    headers: { authorization: 'Bearer t', origin: pagesOrigin },
  });
  assert.equal(asked[0]?.url, 'http://127.0.0.1:8320/api/v1/rollouts?limit=2');
  assert.equal(asked[0]?.headers.get('authorization'), 'Bearer t');
  assert.equal(asked[0]?.headers.get('origin'), null);
  assert.equal(await asked[0]?.text(), '{"model":"digits"}');
});

test('a hub that is away or not chosen is an unavailable problem, as the hub itself would say it', async () => {
  for (const hub of [null, 'http://down']) {
    const response = await pagesWith(hub).ask(`${pagesOrigin}/api/v1/status`);
    assert.equal(response.status, 503);
    assert.equal(((await response.json()) as { code: string }).code, 'unavailable');
  }
});

test('settings that were cut short or tampered with are forgotten', () => {
  assert.deepEqual(
    parseSettings('{"hub":"http://h:1","bounds":{"x":1,"y":2,"width":900,"height":700}}'),
    {
      hub: 'http://h:1',
      bounds: { x: 1, y: 2, width: 900, height: 700 },
    },
  );
  for (const json of [
    '',
    '{"hub":',
    '7',
    '{"hub":"file:///x","bounds":{"x":"1"}}',
    '{"bounds":{"x":1,"y":1,"width":4,"height":4}}',
  ])
    assert.deepEqual(parseSettings(json), { hub: null, bounds: null }, json);
});

test('a window that would open off every screen opens in the middle instead', () => {
  const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  const here = { x: 100, y: 100, width: 900, height: 700 };
  assert.deepEqual(visibleBounds(here, screens), here);
  assert.equal(visibleBounds({ ...here, x: 4_000 }, screens), null);
  assert.equal(visibleBounds(null, screens), null);
});

test('a start may name a hub or a whole sign-in link', () => {
  assert.deepEqual(wantedOf(['electron', 'main.js']), { hub: undefined, hash: undefined });
  assert.deepEqual(wantedOf(['electron', 'main.js', 'http://127.0.0.1:8320/#/signin?code=1']), {
    hub: 'http://127.0.0.1:8320',
    hash: '#/signin?code=1',
  });
});
