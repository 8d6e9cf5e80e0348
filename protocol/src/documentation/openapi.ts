import type { TObject, TSchema } from 'typebox';
import { Problem } from '../http/problem.ts';
import type { Route } from '../http/route.ts';
import { type RouteName, routes } from '../http/routes.ts';
import { PROTOCOL_VERSION } from '../limits.ts';

type Json = Readonly<Record<string, unknown>>;

/** The HTTP contract as an OpenAPI 3.1 document, derived from the table of routes. */
export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name];
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operationOf(name, route),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Edgewise hub',
      version: `${PROTOCOL_VERSION}.0.0`,
      description: 'Train, shrink, deliver, watch and retrain models on a fleet of devices.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API token; each scope includes those before it: read, label, operate, admin.',
        },
        signIn: {
          type: 'http',
          scheme: 'bearer',
          description: 'A one-time code from the sign-in link, as `signin:CODE`.',
        },
      },
    },
  };
}

function operationOf(name: string, route: Route): Json {
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.tag],
    parameters: [...pathParameters(route), ...queryParameters(route.query)],
    ...(route.body && {
      requestBody: { required: true, content: contentOf(route.body, undefined) },
    }),
    responses: {
      200: { description: 'Done.', content: contentOf(route.response, route.contentType) },
      default: {
        description: 'A problem document (RFC 9457) with one of our codes.',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
    security: securityOf(route),
    ...(route.scope !== 'open' && route.scope !== 'sign-in' && { 'x-scope': route.scope }),
  };
}

function securityOf(route: Route): readonly Json[] {
  if (route.scope === 'open') return [];
  return [route.scope === 'sign-in' ? { signIn: [] } : { token: [] }];
}

function pathParameters(route: Route): readonly Json[] {
  return [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: TObject | undefined): readonly Json[] {
  if (!query) return [];
  const required = new Set<string>(query.required);
  return Object.entries(query.properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.has(name),
    schema,
  }));
}

function contentOf(body: TSchema | 'bytes' | 'events', contentType: string | undefined): Json {
  if (body === 'events') return { 'text/event-stream': { schema: { type: 'string' } } };
  if (body === 'bytes') return { [contentType ?? 'application/octet-stream']: {} };
  return { 'application/json': { schema: body } };
}
