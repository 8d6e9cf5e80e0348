/** Runs in a page: what a device that is a browser tab does before a bundle may serve. */
import { checkParity, decodeGolden, readManifest } from '@edgewise/models/bundle';
import { createWebRuntime } from '@edgewise/models/runtime-web';

/** What a page found out about one bundle. */
export interface PageProof {
  readonly build: string;
  readonly vectors: number;
  readonly largestDeviation: number;
  readonly topAgreement: number;
  readonly ok: boolean;
}

async function fetched(address: string): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function prove(bundle: string): Promise<PageProof> {
  const manifest = readManifest(await fetched(`${bundle}/manifest.json`));
  const runtime = await createWebRuntime();
  await using session = await runtime.load(await fetched(`${bundle}/graph.onnx`));
  const golden = decodeGolden(await fetched(`${bundle}/golden.bin`));
  const topOutput = manifest.task.kind === 'classification' ? manifest.task.output : undefined;
  const certificate = await checkParity(session, golden, {
    parity: manifest.parity,
    ...(topOutput !== undefined && { topOutput }),
  });
  return { build: runtime.build, ...certificate };
}

Object.assign(globalThis, { prove });
