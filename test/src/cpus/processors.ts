import type { DeviceClass } from '@edgewise/protocol';

/** A processor that programs can be run on: this machine's own, or one that QEMU emulates. */
export interface Processor {
  readonly name: ProcessorName;
  /** What an agent on it must take itself for; absent for the machine's own, whatever that is. */
  readonly deviceClass?: DeviceClass;
  readonly emulated?: Emulated;
}

/** How QEMU is told which processor to be. */
interface Emulated {
  readonly arch: 'x64' | 'arm64';
  /** QEMU's name of the processor, with features switched off that it warns of. */
  readonly cpu: string;
  /**
   * One processor's lines in /proc/cpuinfo. ONNX Runtime picks its ARM kernels by them: with the
   * machine's own x64 file it crashes while loading, with that of a newer core it uses instructions
   * that this one lacks.
   */
  readonly cpuinfo: readonly string[];
}

export const processorNames = ['native', 'x64-without-vnni', 'cortex-a72', 'cortex-a76'] as const;
export type ProcessorName = (typeof processorNames)[number];

const haswellFlags =
  'fpu de pse tsc msr pae cx8 cmov pat clflush mmx fxsr sse sse2 syscall nx lm pni pclmulqdq ssse3 ' +
  'fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c rdrand lahf_lm abm bmi1 avx2 bmi2 erms';

/** Part and revision numbers: Arm's technical reference manuals, MIDR_EL1 of each core. */
export const processors: readonly Processor[] = [
  { name: 'native' },
  {
    name: 'x64-without-vnni',
    deviceClass: 'x64',
    emulated: {
      arch: 'x64',
      cpu: 'Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid',
      cpuinfo: [
        'vendor_id : GenuineIntel',
        'cpu family : 6',
        'model : 60',
        `flags : ${haswellFlags}`,
      ],
    },
  },
  {
    // Raspberry Pi 4.
    name: 'cortex-a72',
    deviceClass: 'arm64',
    emulated: arm('cortex-a72', 'fp asimd evtstrm crc32 cpuid', {
      variant: '0x0',
      part: '0xd08',
      revision: 3,
    }),
  },
  {
    // Raspberry Pi 5.
    name: 'cortex-a76',
    deviceClass: 'arm64-dot',
    emulated: arm(
      'cortex-a76',
      'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp',
      { variant: '0x4', part: '0xd0b', revision: 1 },
    ),
  },
];

function arm(
  cpu: string,
  features: string,
  id: { readonly variant: string; readonly part: string; readonly revision: number },
): Emulated {
  return {
    arch: 'arm64',
    cpu,
    cpuinfo: [
      `Features : ${features}`,
      'CPU implementer : 0x41',
      'CPU architecture: 8',
      `CPU variant : ${id.variant}`,
      `CPU part : ${id.part}`,
      `CPU revision : ${id.revision}`,
    ],
  };
}
