import type { Sha256 } from '@edgewise/models/bundle';
import { FleetError, seconds } from '@edgewise/protocol';
import type { Clock } from '../clock.ts';
import type { HubLink } from '../link/hub-link.ts';

interface FetcherOptions {
  readonly fleet: string;
  readonly link: HubLink;
  readonly clock: Clock;
  readonly sha256: Sha256;
}

/** Parts that are still missing are asked for again after this silence. */
const againMs = seconds(2);
/** A device that sends nothing for so many rounds is given up. */
const mostSilentRounds = 15;

/** Fetches one sample from a device, part by part, and checks its digest. */
export async function fetchSample(
  { fleet, link, clock, sha256 }: FetcherOptions,
  wanted: { readonly device: string; readonly sample: string; readonly parts: number },
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { device, sample, parts } = wanted;
  const received = new Map<number, Uint8Array>();
  const complete = Promise.withResolvers<void>();
  const unsubscribe = await link.subscribe(
    'sample',
    { fleet, device, digest: sample },
    (bytes, { part }) => {
      const index = Number(part);
      if (Number.isSafeInteger(index) && index < parts) received.set(index, bytes.slice());
      if (received.size === parts) complete.resolve();
    },
  );
  try {
    let silent = 0;
    while (received.size < parts) {
      const before = received.size;
      const missing = Array.from({ length: parts }, (_, index) => index).filter(
        (index) => !received.has(index),
      );
      await link.publish('want', { fleet, device }, { digest: sample, parts, missing });
      const round = new AbortController();
      await Promise.race([
        complete.promise,
        clock.sleep(againMs, AbortSignal.any([round.signal, ...(signal ? [signal] : [])])),
      ]);
      round.abort();
      silent = received.size > before ? 0 : silent + 1;
      if (silent >= mostSilentRounds)
        throw new FleetError('timeout', `${device} did not send the sample ${sample}.`);
    }
  } finally {
    await unsubscribe();
  }
  return checked(received, parts, { sample, sha256 });
}

function checked(
  received: ReadonlyMap<number, Uint8Array>,
  parts: number,
  { sample, sha256 }: { readonly sample: string; readonly sha256: Sha256 },
): Uint8Array {
  const pieces = Array.from(
    { length: parts },
    (_, index) => received.get(index) ?? new Uint8Array(),
  );
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  if (sha256(bytes) !== sample)
    throw new FleetError('digest-mismatch', `What came is not the sample ${sample}.`);
  return bytes;
}
