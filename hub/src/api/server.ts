import { existsSync } from 'node:fs';
import path from 'node:path';
import { FleetError, invariant, limits, seconds } from '@edgewise/protocol';
import { openApiDocument } from '@edgewise/protocol/documentation';
import { type Route, type RouteName, routes } from '@edgewise/protocol/http';
import fastifyStatic from '@fastify/static';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { isLoopback } from '../loopback.ts';
import { authenticate } from './authenticate.ts';
import type { EventLog } from './event-log.ts';
import { streamEvents } from './event-stream.ts';
import type { Caller, Handler, Handlers } from './handler.ts';
import { sendProblem } from './send-problem.ts';
import type { SignInCodes } from './sign-in-codes.ts';
import type { Tokens } from './tokens.ts';
import { argumentCheck } from './validate.ts';

/** The HTTP API, listening. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string;
}

interface ApiOptions {
  /** Every route but the event stream, which the server answers itself. */
  readonly handlers: Handlers<Exclude<RouteName, 'events'>>;
  readonly events: EventLog;
  readonly tokens: Tokens;
  readonly codes: SignInCodes;
  readonly logger: Logger;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** PEM key and certificate; required off loopback. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Folder with the built console pages. */
  readonly consoleFolder?: string;
}

/**
 * Starts the API. Rejects with `port-in-use` when another program has the port, and with
 * `invalid-argument` where tokens would cross a network in the clear.
 */
export async function createApi(options: ApiOptions): Promise<ApiServer> {
  const { host, tls } = options;
  if (!tls && !isLoopback(host)) {
    throw new FleetError('invalid-argument', `${host} is reached from outside: it needs TLS.`);
  }
  const stop = new AbortController();
  const app = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.requestBytes,
    routerOptions: { maxParamLength: 128 },
    forceCloseConnections: true,
    requestTimeout: seconds(120),
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
    ...(options.tls && { https: options.tls }),
  }) as unknown as FastifyInstance;
  app.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer', bodyLimit: limits.uploadBytes },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    sendProblem(new FleetError('not-found', `There is nothing at ${request.url}.`), request, reply);
  });
  await app.register(swagger, {
    mode: 'static',
    specification: { document: openApiDocument() as never },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  for (const name of Object.keys(routes) as RouteName[])
    addRoute(app, name, { ...options, signal: stop.signal });
  await addPages(app, options.consoleFolder);
  const url = await listen(app, options);
  return {
    url,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await app.close();
    },
  };
}

interface RouteContext extends ApiOptions {
  readonly signal: AbortSignal;
}

function addRoute(app: FastifyInstance, name: RouteName, context: RouteContext): void {
  const route: Route = routes[name];
  const callers = new WeakMap<FastifyRequest, Caller>();
  const check = argumentCheck(route);
  app.route({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    bodyLimit: route.body === 'bytes' ? limits.uploadBytes : limits.requestBytes,
    // Before a byte of the body is read: a stranger cannot make the hub hold an upload.
    async onRequest(request) {
      callers.set(request, await authenticate(route, request.headers.authorization, context));
    },
    async handler(request, reply) {
      const caller = callers.get(request);
      invariant(caller !== undefined, 'A request came past its sign-in.');
      const args = check({ params: request.params, query: request.query, body: request.body });
      if (name === 'events') {
        reply.hijack();
        streamEvents(context.events, reply.raw, {
          lastId: headerOf(request, 'last-event-id'),
          predictions: (args.query as { predictions?: boolean }).predictions === true,
          signal: context.signal,
          recheck: () => authenticate(route, request.headers.authorization, context),
        });
        return reply;
      }
      // The table pairs each name with its handler; the check above has made the arguments fit.
      const handler = context.handlers[name] as Handler<RouteName>;
      const answer: unknown = await handler(args as never, {
        caller,
        signal: abortOf(reply, context.signal),
      });
      if (answer instanceof Uint8Array)
        return reply
          .type(contentTypeOf(route, answer))
          .send(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
      return reply.type('application/json').send(JSON.stringify(answer));
    },
  });
}

/** Aborts when the caller hangs up before the answer is out, or the server stops. */
function abortOf(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return AbortSignal.any([gone.signal, stopping]);
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47];

function contentTypeOf(route: Route, bytes: Uint8Array): string {
  if (route.contentType) return route.contentType;
  return pngSignature.every((byte, index) => bytes[index] === byte)
    ? 'image/png'
    : 'application/octet-stream';
}

/** Nothing but our own files may run in the pages; samples are shown from blob URLs. */
const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

async function addPages(app: FastifyInstance, folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  if (!existsSync(path.join(folder, 'index.html'))) {
    throw new FleetError(
      'not-found',
      `There are no console pages in ${folder}; build them with "npm run console".`,
    );
  }
  await app.register(fastifyStatic, {
    root: path.resolve(folder),
    setHeaders: (response) => {
      response.header('content-security-policy', contentSecurityPolicy);
      response.header('x-content-type-options', 'nosniff');
      response.header('referrer-policy', 'no-referrer');
    },
  });
}

async function listen(app: FastifyInstance, { host, port, tls }: ApiOptions): Promise<string> {
  app.server.maxConnections = limits.connections;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const error = FleetError.from(cause);
    if (error.code !== 'port-in-use') throw error;
    throw new FleetError(
      'port-in-use',
      `Port ${port} of ${host} is taken by another program; choose another one with --port.`,
      { cause },
    );
  }
  const address = app.server.address();
  const taken = typeof address === 'object' && address ? address.port : port;
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${taken}`;
}
