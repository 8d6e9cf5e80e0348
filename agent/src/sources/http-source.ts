import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codes, FleetError, limits } from '@edgewise/protocol';
import { cutItems, type Item } from '../inference/items.ts';
import { isLoopback } from '../node/loopback.ts';
import type { Sink, Source } from './source.ts';

interface HttpSourceOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Told where it listens. */
  readonly onListening?: (url: string) => void;
}

/** Only programs of this machine: whatever listens further needs TLS. */
const host = '127.0.0.1';

/** Inputs by HTTP, answered in the response: `POST /v1/predict`, `GET /v1/status`, `GET /health`. */
export function createHttpSource(options: HttpSourceOptions): Source {
  return {
    name: `http:${options.port}`,
    async run(sink, signal) {
      const server = createServer((request, response) => {
        void respond(sink, request, response);
      });
      const ended = Promise.withResolvers<void>();
      server.on('error', (error) => ended.reject(inUse(error, `${host}:${options.port}`)));
      server.on('close', () => ended.resolve());
      const onAbort = () => {
        server.close();
        server.closeAllConnections();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) return;
      server.listen(options.port, host, () => {
        const { port } = server.address() as AddressInfo;
        options.onListening?.(`http://${host}:${port}`);
      });
      await ended.promise;
    },
  };
}

async function respond(
  sink: Sink,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    send(response, 200, await route(sink, request));
  } catch (thrown) {
    const { code, reason } = FleetError.from(thrown);
    const { status, sentence } = codes[code];
    // RFC 9457, with our code beside the members it names.
    const problem = { type: `urn:edgewise:${code}`, title: sentence, status, detail: reason, code };
    send(response, status, problem, 'application/problem+json');
  }
}

async function route(sink: Sink, request: IncomingMessage): Promise<unknown> {
  // A page of another origin in a browser on this machine is not whom this is for.
  if (request.headers['sec-fetch-site'] === 'cross-site') {
    throw new FleetError('forbidden', 'Pages of other origins may not ask this device.');
  }
  // Nor one whose name was turned to point here (DNS rebinding), which counts as the same origin.
  const address = `http://${request.headers.host ?? ''}`;
  if (!URL.canParse(address) || !isLoopback(new URL(address))) {
    throw new FleetError('forbidden', `Ask this device as http://${host}, not by another name.`);
  }
  const { pathname } = new URL(request.url ?? '/', 'http://device');
  const call = `${request.method} ${pathname}`;
  if (call === 'GET /health') return { ok: true };
  if (call === 'GET /v1/status') return sink.status();
  if (call === 'POST /v1/predict') return await predict(sink, request);
  throw new FleetError('not-found', `${call} is not served here; try POST /v1/predict.`);
}

async function predict(sink: Sink, request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  const inputs = sink.inputs();
  if (inputs === undefined) throw new FleetError('unavailable', 'No model serves yet.');
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  const answers = await sink.answer(isJson ? itemsOf(body) : cutItems(inputs, body));
  const [first] = answers;
  const predictions = answers.map(({ margin: _margin, model: _model, ...answer }) => answer);
  return { model: first?.model, version: first?.version, predictions };
}

function itemsOf(body: Uint8Array): readonly Item[] {
  const items = fieldOf(parse(body), 'items');
  if (!Array.isArray(items) || items.length === 0) {
    const reason = 'The body must be {"items": [...]} with at least one item.';
    throw new FleetError('invalid-argument', reason);
  }
  return items.map((json: unknown) => ({ json }));
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new FleetError('malformed', 'The body is not JSON in UTF-8.', { cause });
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !(name in value)) return undefined;
  return value[name as keyof typeof value];
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limits.requestBytes) {
      throw new FleetError('too-large', `The body exceeds ${limits.requestBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function send(
  response: ServerResponse,
  status: number,
  value: unknown,
  type = 'application/json',
): void {
  response.writeHead(status, { 'content-type': type });
  response.end(JSON.stringify(value));
}

function inUse(error: Error, address: string): FleetError {
  const translated = FleetError.from(error);
  if (translated.code !== 'port-in-use') return translated;
  const reason = `Another program listens on ${address}; choose another port.`;
  return new FleetError('port-in-use', reason, { cause: error });
}
