import { readFileSync } from 'node:fs';
import { arch } from 'node:os';
import type { DeviceClass } from '@edgewise/protocol';

/**
 * Instruction sets that change how ONNX Runtime computes, as Linux names them in /proc/cpuinfo;
 * the order is the one in which they are reported.
 */
const known = [
  'avx2',
  'avx512f',
  'avx_vnni',
  'avx512_vnni',
  'amx_int8',
  'asimd',
  'asimddp',
  'i8mm',
  'sve',
] as const;

/** What a processor can do, as far as it decides how integers are multiplied. */
export interface InstructionSet {
  /** Node's name of the architecture: `x64`, `arm64` ... */
  readonly arch: string;
  readonly extensions: readonly string[];
}

/** Reads the processor this process runs on. Without /proc/cpuinfo only the architecture is known. */
export function detectInstructionSet(): InstructionSet {
  return { arch: arch(), extensions: extensionsIn(cpuInfo()) };
}

/** Extensions named in the text of /proc/cpuinfo (`flags` on x64, `Features` on arm64). */
export function extensionsIn(cpuinfo: string): readonly string[] {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  const flags = new Set(line.trim().split(/\s+/));
  return known.filter((name) => flags.has(name));
}

/** The device class of a processor. A dot product that cannot be proven is taken to be absent. */
export function deviceClassOf({ arch, extensions }: InstructionSet): DeviceClass {
  if (arch === 'arm64') return extensions.includes('asimddp') ? 'arm64-dot' : 'arm64';
  return extensions.some((name) => name.endsWith('_vnni')) ? 'x64-vnni' : 'x64';
}

/** The device class of this machine. */
export const detectDeviceClass = (): DeviceClass => deviceClassOf(detectInstructionSet());

function cpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // Not Linux: the class without a dot product runs everywhere.
    return '';
  }
}
