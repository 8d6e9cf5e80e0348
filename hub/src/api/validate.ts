import { FleetError, schemaFault } from '@edgewise/protocol';
import type { Route } from '@edgewise/protocol/http';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import Value from 'typebox/value';

/** What came with a request, before it is trusted. */
export interface RawArgs {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** Trusted arguments of a route. */
export interface Args {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}

/** Names in a path: ids, digests, run ids. */
const pathValue = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;

/** Builds the check of one route. It throws `invalid-argument` that says which part is wrong and how. */
export function argumentCheck(route: Route): (raw: RawArgs) => Args {
  const query = route.query && checkOf('query', route.query);
  const body = route.body && route.body !== 'bytes' ? checkOf('body', route.body) : undefined;
  return (raw) => ({
    params: checkParams(raw.params),
    // Query values arrive as text: numbers and booleans are read out of it first.
    query: query && route.query ? query(Value.Convert(route.query, raw.query)) : undefined,
    body: route.body === 'bytes' ? checkBytes(raw.body) : body?.(raw.body),
  });
}

function checkParams(params: unknown): Readonly<Record<string, string>> {
  const values = (params ?? {}) as Readonly<Record<string, string>>;
  for (const [name, value] of Object.entries(values)) {
    if (!pathValue.test(value)) {
      throw new FleetError(
        'invalid-argument',
        `"${value}" cannot name a ${name}: letters, digits, ".", "_" and "-" can, 1 to 100 of them.`,
      );
    }
  }
  return values;
}

function checkBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw new FleetError('invalid-argument', 'Send the bytes as application/octet-stream.');
}

function checkOf(part: string, schema: TSchema): (value: unknown) => unknown {
  const check = Compile(schema);
  return (value) => {
    if (check.Check(value)) return value;
    const { place = '', fault = 'is not as documented' } = schemaFault(check.Errors(value)) ?? {};
    throw new FleetError('invalid-argument', `${part}${place && `.${place}`} ${fault}.`);
  };
}
