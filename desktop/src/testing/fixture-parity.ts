import type { Device, DeviceParity, ModelVersion, ParityRow } from '@edgewise/protocol/http';

const runtimes: Readonly<Record<string, string>> = {
  'x64-vnni': 'onnxruntime 1.30.0 x64 avx2 avx512f avx512_vnni',
  arm64: 'onnxruntime 1.30.0 arm64 asimd',
  'arm64-dot': 'onnxruntime 1.30.0 arm64 asimd asimddp',
};

/** How the golden vectors of these versions came out on these devices. */
export function parityFixtures(
  versions: readonly ModelVersion[],
  devices: readonly Device[],
): readonly ParityRow[] {
  return versions.flatMap(({ model, version, variants }) =>
    variants.map(({ deviceClass, scheme, reason, bundle }) => ({
      ...{ model, version, deviceClass, scheme, reason, manifest: bundle.manifest },
      golden: { vectors: 24, tolerance: 0.0184, topAgreement: 0.9 },
      devices: devices
        .filter((device) => device.deviceClass === deviceClass)
        .map((device) => parityOf(device, bundle.manifest)),
    })),
  );
}

function parityOf(device: Device, manifest: string): DeviceParity {
  const { id, deviceClass, state } = device;
  const named = { device: id, deviceClass };
  const refusal = state?.refusals.find((each) => each.manifest === manifest);
  if (refusal !== undefined) {
    const { code, detail, atMs, parity } = refusal;
    return { ...named, outcome: 'refused', parity: parity ?? null, code, detail, atMs };
  }
  const slot = Object.values(state?.slots ?? {}).find((each) => each?.bundle.manifest === manifest);
  const parity = slot?.parity;
  if (parity === undefined) return { ...named, outcome: 'waiting', parity: null, atMs: null };
  const atMs = slot?.servingSinceMs ?? state?.atMs ?? 0;
  const runtime = runtimes[deviceClass] ?? 'onnxruntime 1.30.0';
  return {
    ...named,
    outcome: 'proved',
    parity: { ...parity, ok: true, runtime, deviceClass, atMs },
    atMs,
  };
}
