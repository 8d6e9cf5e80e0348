import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { FleetError } from '../errors/fleet-error.ts';
import { schemaFault } from '../errors/schema-fault.ts';
import { limits, PROTOCOL_VERSION } from '../limits.ts';
import { decodeBlock, encodeBlock } from '../packed/block.ts';
import { decodeMissing, encodeMissing, type MissingParts } from '../packed/need.ts';
import { decodeWindow, encodeWindow, type PackedWindow } from '../packed/window.ts';

/** How a channel's values become bytes and back. `decode` throws `malformed`, `newer-version` or `too-large`. */
export interface Body<T> {
  /** For the generated documents. */
  readonly contentType: 'application/json' | 'application/octet-stream';
  readonly schema?: TSchema;
  /** The kind of a packed body, for the generated documents. */
  readonly packed?: 'window' | 'missing' | 'block';
  readonly maxBytes: number;
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** The type of a body's values. */
export type BodyValue<B> = B extends Body<infer T> ? T : never;

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** A JSON document: its size is checked before it is parsed, its version before its shape. */
export function json<S extends TSchema>(
  schema: S,
  maxBytes: number = limits.documentBytes,
): Body<Static<S>> {
  const read = documentReader(schema);
  return {
    contentType: 'application/json',
    schema,
    maxBytes,
    encode: (value) => utf8.encode(JSON.stringify(value)),
    decode: (bytes) => read(bytes, maxBytes),
  };
}

/** Parses and checks one JSON document; also used for the payloads of signed envelopes. */
export function documentReader<S extends TSchema>(
  schema: S,
): (bytes: Uint8Array, maxBytes: number) => Static<S> {
  const check = Compile(schema);
  return (bytes, maxBytes) => {
    assertSize(bytes, maxBytes);
    const value = parseJson(bytes);
    assertVersion(value);
    if (!check.Check(value)) {
      const found = schemaFault(check.Errors(value));
      const where = found === undefined || found.place === '' ? 'It' : `"${found.place}"`;
      throw new FleetError('malformed', `${where} ${found?.fault ?? 'does not fit its schema'}.`);
    }
    return value;
  };
}

/** Packed windows. */
export const windowBody: Body<PackedWindow> = packed(
  'window',
  encodeWindow,
  decodeWindow,
  limits.windowBytes,
);
/** Requests for missing parts. */
export const missingBody: Body<MissingParts> = packed(
  'missing',
  encodeMissing,
  decodeMissing,
  limits.windowBytes,
);
/** Blocks and parts. */
export const blockBody: Body<Uint8Array> = packed(
  'block',
  encodeBlock,
  decodeBlock,
  limits.blockSizeBytes + 1,
);

function packed<T>(
  kind: NonNullable<Body<T>['packed']>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
  maxBytes: number,
): Body<T> {
  return {
    contentType: 'application/octet-stream',
    packed: kind,
    maxBytes,
    encode,
    decode: (bytes) => {
      assertSize(bytes, maxBytes);
      if (bytes.length === 0) throw new FleetError('malformed', 'An empty body.');
      return decode(bytes);
    },
  };
}

function assertSize(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.length > maxBytes) {
    throw new FleetError(
      'too-large',
      `${bytes.length} bytes where at most ${maxBytes} are allowed.`,
    );
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(bytes));
  } catch (cause) {
    throw new FleetError('malformed', 'It is not JSON in UTF-8.', { cause });
  }
}

/** Documents of a newer generation are told apart from broken ones, so that the right side is updated. */
function assertVersion(value: unknown): void {
  const v = typeof value === 'object' && value !== null && 'v' in value ? value.v : undefined;
  if (typeof v === 'number' && v > PROTOCOL_VERSION) {
    throw new FleetError(
      'newer-version',
      `It has version ${v}, we read up to ${PROTOCOL_VERSION}.`,
    );
  }
}
