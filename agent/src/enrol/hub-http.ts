import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { FleetError, isCode, kibibytes, seconds } from '@edgewise/protocol';
import { isPinned } from '../node/pinned-key.ts';

/** The few calls of a hub's HTTP API that a device makes. */
export interface HubHttp {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

const timeoutMs = seconds(15);
const mostBytes = kibibytes(64);
const loopback: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Talks to the hub at `url`. Over TLS its certificate must carry the key with `fingerprint`, which
 * is checked before a byte is sent; without TLS only this machine is spoken to.
 * Rejects with the code of the hub's problem document, or `unavailable`.
 */
export function createHubHttp(url: string, fingerprint: string): HubHttp {
  const base = parse(url);
  const call = async (method: string, path: string, body?: unknown) => {
    const target = new URL(path, base);
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      const socket = base.protocol === 'https:' ? await pinned(base, fingerprint) : undefined;
      return await exchange(target, { method, text, socket });
    } catch (thrown) {
      throw unreachable(thrown, base);
    }
  };
  return { get: (path) => call('GET', path), post: (path, body) => call('POST', path, body) };
}

function parse(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new FleetError('invalid-argument', `"${url}" is no http:// or https:// address.`);
  }
  if (base.protocol === 'http:' && !loopback.has(base.hostname)) {
    const reason = `${url} is not encrypted; a hub on another machine must be reached by https://.`;
    throw new FleetError('forbidden', reason);
  }
  return base;
}

async function pinned(base: URL, fingerprint: string): Promise<TLSSocket> {
  const host = base.hostname.replace(/^\[|\]$/g, '');
  const port = Number(base.port || 443);
  const socket = connect({ host, port, servername: host, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
    socket.setTimeout(timeoutMs, () =>
      reject(new FleetError('timeout', `${base.host} is silent.`)),
    );
  }).catch((thrown: unknown) => {
    socket.destroy();
    throw thrown;
  });
  if (isPinned(socket, fingerprint)) return socket;
  socket.destroy();
  const reason = `${base.host} holds another key than the hub that we look for; nothing was sent.`;
  throw new FleetError('unauthenticated', reason);
}

interface Exchange {
  readonly method: string;
  readonly text: string | undefined;
  readonly socket: TLSSocket | undefined;
}

function exchange(target: URL, { method, text, socket }: Exchange): Promise<unknown> {
  const headers = text === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const options = { method, headers, timeout: timeoutMs };
    const answered = (response: IncomingMessage) => read(response).then(resolve, reject);
    const request: ClientRequest =
      socket === undefined
        ? requestHttp(target, options, answered)
        : requestHttps(target, { ...options, createConnection: () => socket }, answered);
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new FleetError('timeout', 'The hub is silent.')));
    request.end(text);
  });
}

async function read(response: IncomingMessage): Promise<unknown> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > mostBytes) throw new FleetError('too-large', 'The hub answers too much.');
  }
  const value = parseJson(text);
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return value;
  const { code, detail } = (value ?? {}) as { code?: unknown; detail?: unknown };
  const reason = typeof detail === 'string' ? detail : `The hub answered with status ${status}.`;
  throw new FleetError(isCode(code) ? code : 'unavailable', reason);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever answers so is no hub; the caller's schema says it.
    return undefined;
  }
}

function unreachable(thrown: unknown, base: URL): FleetError {
  const error = FleetError.from(thrown);
  if (error.code !== 'internal' && !(error.cause instanceof Error)) return error;
  const code = error.code === 'internal' ? 'unavailable' : error.code;
  return new FleetError(code, `${base.origin} cannot be reached: ${error.reason}`, {
    cause: thrown,
  });
}
