import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { packageNames, root } from './checkout.ts';

/** A file that must fail the check, and the rule that says so. Without the forbidden line it passes. */
interface Probe {
  readonly fact: string;
  readonly file: string;
  /** Stands above an export that uses its name `taken`. */
  readonly forbidden: string;
  readonly rule: string;
}

const restricted = 'lint/style/noRestrictedImports';
const take = (from: string) => `import { taken } from '${from}';`;

const probes: readonly Probe[] = [
  {
    fact: 'agent never imports hub',
    file: 'agent/src/link/probe.ts',
    forbidden: take('@edgewise/hub'),
    rule: restricted,
  },
  {
    fact: 'hub never imports agent',
    file: 'hub/src/broker/probe.ts',
    forbidden: take('@edgewise/agent'),
    rule: restricted,
  },
  {
    fact: 'what a package.json does not name cannot be imported',
    file: 'agent/src/link/probe-undeclared.ts',
    forbidden: take('aedes-server-factory'),
    rule: 'lint/correctness/noUndeclaredDependencies',
  },
  {
    fact: 'desktop never imports models',
    file: 'desktop/src/renderer/probe.ts',
    forbidden: take('@edgewise/models/onnx'),
    rule: restricted,
  },
  {
    fact: 'protocol imports no other package',
    file: 'protocol/src/probe.ts',
    forbidden: take('@edgewise/models'),
    rule: restricted,
  },
  {
    fact: 'models imports nothing above it',
    file: 'models/src/runtime-onnx/probe.ts',
    forbidden: take('@edgewise/hub/client'),
    rule: restricted,
  },
  {
    fact: 'nothing imports test',
    file: 'hub/src/broker/probe-test.ts',
    forbidden: take('@edgewise/test'),
    rule: restricted,
  },
  {
    fact: 'a domain never imports an adapter',
    file: 'hub/src/alarms/probe.ts',
    forbidden: take('./adapters/tables.ts'),
    rule: restricted,
  },
  {
    fact: 'agent/core uses no module of Node',
    file: 'agent/src/core/probe.ts',
    forbidden: take('node:os'),
    rule: restricted,
  },
  {
    fact: 'agent/core uses no module of Node, a nested one neither',
    file: 'agent/src/core/probe-nested.ts',
    forbidden: take('node:fs/promises'),
    rule: restricted,
  },
  {
    fact: 'protocol uses no module of Node',
    file: 'protocol/src/packed/probe.ts',
    forbidden: take('node:fs/promises'),
    rule: restricted,
  },
  {
    fact: 'bundles are read without modules of Node',
    file: 'models/src/bundle/probe.ts',
    forbidden: take('node:crypto'),
    rule: restricted,
  },
  {
    fact: 'a relative path does not leave the package',
    file: 'agent/src/link/probe-escape.ts',
    forbidden: take('../../../hub/src/index.ts'),
    rule: restricted,
  },
  {
    fact: 'only main.ts and the command line read the process',
    file: 'hub/src/broker/probe-process.ts',
    forbidden: 'const taken = process.pid;',
    rule: 'lint/style/noRestrictedGlobals',
  },
  {
    fact: 'only main.ts and the command line read the environment',
    file: 'agent/src/link/probe-env.ts',
    forbidden: 'const taken = process.env;',
    rule: 'lint/style/noProcessEnv',
  },
  {
    fact: 'importing the process is no way around it',
    file: 'hub/src/broker/probe-import.ts',
    forbidden: take('node:process'),
    rule: restricted,
  },
  {
    fact: 'an import without its suffix fails',
    file: 'hub/src/broker/probe-suffix.ts',
    forbidden: take('./probe'),
    rule: 'lint/correctness/useImportExtensions',
  },
  {
    fact: 'two files that import each other fail',
    file: 'hub/src/broker/probe-cycle.ts',
    forbidden: take('./probe-cycle-back.ts'),
    rule: 'lint/suspicious/noImportCycles',
  },
];

/** The other half of the cycle. */
const cycleBack = `import { kept } from './probe-cycle.ts';

/** A probe. */
export const taken = (): unknown => kept;
`;

let folder = '';
let found: ReadonlyMap<string, readonly string[]> = new Map();

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-layers-'));
  await copyRules();
  await write('hub/src/broker/probe-cycle-back.ts', cycleBack);
  for (const { file, forbidden } of probes) {
    await write(file, withLine(forbidden));
    await write(twinOf(file), withoutLine);
  }
  found = await check();
});

after(() => rm(folder, { recursive: true, force: true }));

for (const { fact, file, rule } of probes) {
  test(`${fact}: the check fails by ${rule}, and passes without that line`, () => {
    assert.ok(
      found.get(file)?.includes(rule),
      `${file} was found guilty of: ${found.get(file)?.join(', ') ?? 'nothing'}`,
    );
    assert.deepEqual(found.get(twinOf(file)) ?? [], []);
  });
}

test('the same line is allowed in main.ts', async () => {
  await write('hub/src/main.ts', withLine('const taken = process.pid;'));
  const again = await check();
  assert.deepEqual(again.get('hub/src/main.ts') ?? [], []);
});

const withLine = (line: string): string => `${line}

/** A probe. */
export const kept = (): unknown => taken;
`;
const withoutLine = `const taken = 1;

/** A probe. */
export const kept = (): unknown => taken;
`;

const twinOf = (file: string): string => file.replace(/\.ts$/, '-twin.ts');

async function write(file: string, text: string): Promise<void> {
  const full = path.join(folder, file);
  await mkdir(path.dirname(full), { recursive: true });
  await writeFile(full, text);
}

/** The rules of the checkout, and the dependencies that each package declares. */
async function copyRules(): Promise<void> {
  const rules = JSON.parse(await readFile(path.join(root, 'biome.json'), 'utf8')) as object;
  // The copy is no git checkout.
  await write('biome.json', JSON.stringify({ ...rules, vcs: { enabled: false } }, null, 2));
  await cp(path.join(root, 'package.json'), path.join(folder, 'package.json'));
  for (const name of packageNames) {
    await mkdir(path.join(folder, name));
    await cp(path.join(root, name, 'package.json'), path.join(folder, name, 'package.json'));
  }
}

interface Report {
  readonly diagnostics: readonly {
    readonly category: string;
    readonly location: { readonly path: string };
  }[];
}

/** Rules that were broken, by file. */
async function check(): Promise<ReadonlyMap<string, readonly string[]>> {
  const biome = path.join(root, 'node_modules/.bin/biome');
  const output = await new Promise<string>((resolve) => {
    // The exit code is 1 whenever something was found, which is the point here.
    execFile(
      biome,
      ['check', '--reporter=json', '--max-diagnostics=none', ...packageNames],
      { cwd: folder, maxBuffer: 1 << 24 },
      (_, stdout) => resolve(stdout),
    );
  });
  const { diagnostics } = JSON.parse(output) as Report;
  const byFile = Map.groupBy(diagnostics, ({ location }) => location.path);
  return new Map([...byFile].map(([file, list]) => [file, list.map(({ category }) => category)]));
}
