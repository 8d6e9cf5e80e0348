import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { FleetError, isCode, kibibytes, seconds } from '@edgewise/protocol';
import { isLoopback } from '../node/loopback.ts';
import { openSocket } from '../node/open-socket.ts';

/** The few calls of a hub's HTTP API that a device makes. */
export interface HubHttp {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

const timeoutMs = seconds(15);
const mostBytes = kibibytes(64);

/**
 * Talks to the hub at `url`. Over TLS its certificate must carry the key with `fingerprint`, which
 * is checked before a byte is sent; without TLS only this machine is spoken to.
 * Rejects with the code of the hub's problem document, or `unavailable`.
 */
export function createHubHttp(url: string, fingerprint: string): HubHttp {
  const base = parse(url);
  const isTls = base.protocol === 'https:';
  const call = async (method: string, path: string, body?: unknown) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const signal = AbortSignal.timeout(timeoutMs);
    const where = { isTls, fingerprint, signal, defaultPort: isTls ? 443 : 80 };
    const socket = await openSocket(base, where);
    return await exchange(new URL(path, base), { method, text, socket });
  };
  return { get: (path) => call('GET', path), post: (path, body) => call('POST', path, body) };
}

function parse(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol)) {
    throw new FleetError('invalid-argument', `"${url}" is no http:// or https:// address.`);
  }
  if (base.protocol === 'http:' && !isLoopback(base)) {
    const reason = `${url} is not encrypted; a hub on another machine must be reached by https://.`;
    throw new FleetError('forbidden', reason);
  }
  return base;
}

interface Exchange {
  readonly method: string;
  readonly text: string | undefined;
  readonly socket: Socket;
}

function exchange(target: URL, { method, text, socket }: Exchange): Promise<unknown> {
  const headers = text === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    // The socket speaks TLS already where the address says so.
    const options = { method, headers, timeout: timeoutMs, createConnection: () => socket };
    const call = request({
      ...options,
      host: target.hostname,
      path: target.pathname + target.search,
    });
    call.on('response', (response) => read(response).then(resolve, reject));
    call.on('error', (error) => reject(FleetError.from(error)));
    call.on('timeout', () => call.destroy(new FleetError('timeout', 'The hub is silent.')));
    call.end(text);
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
