import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Folder of the checkout. */
export const root = path.join(import.meta.dirname, '../../..');

/** Every workspace, lowest layer first. */
export const packageNames = ['protocol', 'models', 'agent', 'hub', 'desktop', 'test'] as const;
export type PackageName = (typeof packageNames)[number];

/** The parts of a package.json that the house rules speak of. */
export interface PackageFile {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Reads the package.json of a workspace. */
export async function readPackage(name: PackageName): Promise<PackageFile> {
  return JSON.parse(await readFile(path.join(root, name, 'package.json'), 'utf8')) as PackageFile;
}

/** A TypeScript source file. */
export interface SourceFile {
  /** Path from the package's folder, with slashes. */
  readonly file: string;
  readonly text: string;
}

/** Every TypeScript file under the `src` of a workspace. */
export async function readSources(name: PackageName): Promise<readonly SourceFile[]> {
  const folder = path.join(root, name);
  const entries = await readdir(path.join(folder, 'src'), { recursive: true });
  const files = entries.filter((entry) => /\.tsx?$/.test(entry));
  return await Promise.all(
    files.map(async (entry) => {
      const file = path.join('src', entry);
      return {
        file: file.split(path.sep).join('/'),
        text: await readFile(path.join(folder, file), 'utf8'),
      };
    }),
  );
}

/** Tests and what only they use: not part of what a package ships. */
export function isTestFile(file: string): boolean {
  return /\/testing\/|\.(test|suite|browser-test|e2e-test)(\.fixture)?\.tsx?$/.test(file);
}
