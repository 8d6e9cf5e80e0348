import assert from 'node:assert/strict';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import {
  isTestFile,
  type PackageFile,
  packageNames,
  readPackage,
  readSources,
  type SourceFile,
} from './checkout.ts';

for (const name of packageNames) {
  test(`${name}/package.json names what its sources import, and nothing else of the house`, async () => {
    const declared = await readPackage(name);
    const sources = await readSources(name);
    const shipped = importedBy(sources.filter(({ file }) => !isTestFile(file)));
    const tested = importedBy(sources.filter(({ file }) => isTestFile(file)));
    const installed = { ...declared.dependencies, ...declared.peerDependencies };
    const all = { ...installed, ...declared.devDependencies };
    // The console is bundled and test is never installed: there, all dependencies are for development.
    const bundled = name === 'desktop' || name === 'test';
    assert.deepEqual(missingFrom(bundled ? all : installed, shipped), []);
    assert.deepEqual(missingFrom(all, tested), []);
    const used = new Set([...shipped, ...tested]);
    const idle = Object.keys(all).filter((one) => one.startsWith('@edgewise/') && !used.has(one));
    assert.deepEqual(idle, []);
  });

  test(`every part that ${name} exports is there, and no other folder has a barrel`, async () => {
    const { exports = {} } = await readPackage(name);
    const barrels = (await readSources(name))
      .map(({ file }) => file)
      .filter((file) => file.endsWith('/index.ts'));
    const exported = new Set<string>();
    for (const [part, targets] of Object.entries(exports)) {
      const found = barrels.filter((file) => path.matchesGlob(file, sourceOf(targets)));
      assert.ok(found.length > 0, `${part} has no source`);
      for (const file of found) exported.add(file);
      const built = sourceOf(targets).replace(/^src/, './dist');
      assert.deepEqual(targets, {
        'edgewise:source': `./${sourceOf(targets)}`,
        types: built.replace(/ts$/, 'd.ts'),
        default: built.replace(/ts$/, 'js'),
      });
      assert.equal(Object.keys(targets)[0], 'edgewise:source', `${part}: the source stands first`);
    }
    assert.deepEqual(
      barrels.filter((file) => !exported.has(file)),
      [],
    );
  });
}

test('a barrel only lists what other files define, by name', async () => {
  for (const name of packageNames) {
    const barrels = (await readSources(name)).filter(({ file }) => file.endsWith('/index.ts'));
    for (const { file, text } of barrels) {
      assert.match(text, /^(export (type )?\{[^}]+\} from '[^']+';\s*)+$/, `${name}/${file}`);
    }
  }
});

test('inside a package nobody imports a barrel, or the package by its name', async () => {
  for (const name of packageNames) {
    const own = `@edgewise/${name}`;
    for (const { file, text } of await readSources(name)) {
      const wrong = specifiersOf(text).filter(
        (specifier) => /^\..*\/index\.ts$/.test(specifier) || isPartOf(specifier, own),
      );
      assert.deepEqual(wrong, [], `${name}/${file}`);
    }
  }
});

test('a device installs neither Electron, nor tfjs, nor the hub', async () => {
  const seen = new Set<string>();
  const visit = async (name: 'agent' | 'models' | 'protocol'): Promise<void> => {
    const { dependencies = {} } = await readPackage(name);
    for (const dependency of Object.keys(dependencies)) {
      seen.add(dependency);
      if (dependency === '@edgewise/models') await visit('models');
      if (dependency === '@edgewise/protocol') await visit('protocol');
    }
  };
  await visit('agent');
  for (const heavy of ['electron', '@tensorflow/tfjs', '@edgewise/hub', 'aedes', 'sharp']) {
    assert.ok(!seen.has(heavy), heavy);
  }
});

/** The source of an exported part, as a path or pattern below the package's folder. */
const sourceOf = (targets: Readonly<Record<string, string>>): string =>
  (targets['edgewise:source'] ?? '').replace(/^\.\//, '');

function missingFrom(known: NonNullable<PackageFile['dependencies']>, used: Iterable<string>) {
  return [...new Set(used)].filter((one) => !Object.hasOwn(known, one)).sort();
}

/** Packages that files import, without those of Node. */
function importedBy(sources: readonly SourceFile[]): ReadonlySet<string> {
  return new Set(
    sources
      .flatMap(({ text }) => specifiersOf(text))
      .filter((specifier) => !/^[.#]|^node:/.test(specifier) && !builtinModules.includes(specifier))
      .map(packageOf),
  );
}

function specifiersOf(text: string): readonly string[] {
  const found = [
    ...text.matchAll(/^(?:import|export)\b[^'";=]*\bfrom\s+'([^']+)'/gm),
    ...text.matchAll(/^import\s+'([^']+)'/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
  ];
  return found.map(([, specifier]) => specifier ?? '');
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const isPartOf = (specifier: string, name: string): boolean =>
  specifier === name || specifier.startsWith(`${name}/`);
