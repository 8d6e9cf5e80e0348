/**
 * Debian packages without installing them: downloaded with apt folders of our own and unpacked into
 * the cache, so neither root nor any change of the machine is needed.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { madeOnce } from './made-once.ts';
import { runTool } from './run-tool.ts';

/** The folder that stands for `/` of the unpacked packages, or why there is none. */
export type Unpacked =
  | { readonly ok: true; readonly root: string }
  | { readonly ok: false; readonly reason: string };

interface UnpackOptions {
  /** Debian's names (`amd64`, `arm64`); default that of the machine. */
  readonly architectures?: readonly string[];
}

/**
 * Downloads and unpacks packages such as `qemu-user-static` or `libc6:arm64`, without what they
 * depend on. The same packages are fetched once and found again later, by other processes too.
 * A machine without apt or network is an answer, not an error.
 */
export async function unpackedDebian(
  packages: readonly string[],
  { architectures = [] }: UnpackOptions = {},
): Promise<Unpacked> {
  const key = JSON.stringify([[...packages].sort(), [...architectures].sort(), process.arch]);
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 12);
  const name = `${packages[0]?.replace(/[^a-z0-9.-]/g, '_')}-${digest}`;
  try {
    const target = path.join(cacheFolder('debian'), name);
    return { ok: true, root: await madeOnce(target, fillWith(packages, architectures)) };
  } catch (thrown) {
    return { ok: false, reason: (thrown as Error).message };
  }
}

function fillWith(packages: readonly string[], architectures: readonly string[]) {
  return async (folder: string): Promise<void> => {
    const work = path.join(folder, '.apt');
    const archives = path.join(work, 'archives');
    for (const name of ['lists/partial', 'cache/archives/partial', 'archives']) {
      await mkdir(path.join(work, name), { recursive: true });
    }
    const options = aptOptions(work, architectures);
    await runTool('apt-get', [...options, 'update'], { cwd: work });
    await runTool('apt-get', [...options, 'download', ...packages], { cwd: archives });
    for (const file of await readdir(archives)) {
      await runTool('dpkg-deb', ['--extract', path.join(archives, file), folder], { cwd: work });
    }
    await rm(work, { recursive: true });
  };
}

function aptOptions(work: string, architectures: readonly string[]): readonly string[] {
  return [
    '-qq',
    ...settings({
      'Dir::State::lists': path.join(work, 'lists'),
      'Dir::Cache': path.join(work, 'cache'),
      // As root, apt would else download as a user who may not write here.
      'APT::Sandbox::User': userInfo().username,
      'Acquire::Retries': '2',
      'Acquire::Languages': 'none',
    }),
    ...architectures.flatMap((name) => ['-o', `APT::Architectures::=${name}`]),
  ];
}

function settings(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}
