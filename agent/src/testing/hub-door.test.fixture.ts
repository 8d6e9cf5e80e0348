import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { signEnvelope } from '@edgewise/models/bundle';
import { createSigner, fingerprintOf, type KeyPair } from '@edgewise/models/crypto';
import { type EnrolmentRequest, type PayloadKind, payloadTypes } from '@edgewise/protocol';
import { selfSigned } from './certificate.test.fixture.ts';

/** The part of a hub's HTTP API that devices use. */
export interface HubDoor extends AsyncDisposable {
  readonly url: string;
  readonly fingerprint: string;
  /** Requests as `METHOD path`, without the nonce. */
  readonly calls: string[];
  readonly enrolled: EnrolmentRequest[];
}

export interface HubDoorOptions {
  readonly key: KeyPair;
  readonly tls?: boolean;
  readonly broker?: string;
  readonly secret?: string;
  /** Changes what is signed, to play a hub that lies. */
  readonly tamper?: (kind: PayloadKind, document: Record<string, unknown>) => void;
  /** Hub minus machine. */
  readonly clockOffsetMs?: number;
}

/** Opens the door on a free port of this machine. */
export async function openHubDoor(options: HubDoorOptions): Promise<HubDoor> {
  const { key } = options;
  const signer = createSigner(key.privateKeyPem);
  const calls: string[] = [];
  const enrolled: EnrolmentRequest[] = [];

  const signed = (kind: PayloadKind, document: Record<string, unknown>) => {
    options.tamper?.(kind, document);
    const bytes = new TextEncoder().encode(JSON.stringify({ v: 1, ...document }));
    return signEnvelope(payloadTypes[kind], bytes, signer);
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://hub');
    const call = `${request.method} ${url.pathname}`;
    calls.push(call);
    const nonce = url.searchParams.get('nonce') ?? '';
    const { publicKeyPem } = key;
    const about = { hub: 'hub-1', fleet: 'home' };
    if (call === 'GET /enrol') {
      send(response, 200, await signed('hub', { ...about, nonce, publicKey: publicKeyPem }));
    } else if (call === 'GET /time') {
      const nowMs = Date.now() + (options.clockOffsetMs ?? 0);
      send(response, 200, await signed('time', { nonce, nowMs }));
    } else {
      const body = JSON.parse(await textOf(request)) as EnrolmentRequest;
      if (body.secret !== (options.secret ?? secret)) {
        send(response, 409, {
          code: 'token-used',
          detail: 'The token was used by another device.',
        });
        return;
      }
      enrolled.push(body);
      const { publicKey, device = 'pi' } = body;
      const keys = { hubPublicKey: publicKeyPem, bundleKeys: [publicKeyPem] };
      const broker = options.broker ?? 'mqtt://127.0.0.1:1';
      send(
        response,
        200,
        await signed('enrolment', { ...about, ...keys, device, publicKey, broker }),
      );
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse) =>
    void answer(request, response);
  const server =
    options.tls === true
      ? createTlsServer({ key: key.privateKeyPem, cert: selfSigned(key.privateKeyPem) }, listener)
      : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${port}`,
    fingerprint: fingerprintOf(key.publicKeyPem),
    calls,
    enrolled,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The secret of the tokens that tests use. */
export const secret = 'a-secret-of-sixteen-letters';

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(chunk);
  }
  return text;
}
