// What each `npm run` word does: a list of steps, each a program of node_modules/.bin with its arguments.
const packages = '{protocol,models,agent,hub,desktop,test}';
const node = ['node', '--conditions=edgewise:source', '--disable-warning=ExperimentalWarning'];
const run = (file) => [[...node, file]];
/** The demonstration counts its memory: it starts itself as it starts hub and agents. */
const small = (file) => [[...node, '--max-semi-space-size=4', file]];
const tests = (kind) => [
  ...node,
  '--test',
  '--test-concurrency=2',
  `${packages}/src/**/*.${kind}.ts`,
];

const check = [['biome', 'check', '.']];
const types = [['tsc', '-b']];
const unit = [tests('test')];
const verify = [...check, ...types, ...unit];

export const commands = {
  check,
  types,
  unit,
  verify,
  fix: [['biome', 'check', '--write', '.']],
  start: small('test/src/demo/main.ts'),
  test: [...run('scripts/prepare-tests.mjs'), ...verify, tests('browser-test'), tests('e2e-test')],
  'test:cpus': [tests('cpu-test')],
  bench: run('test/src/bench/main.ts'),
  sim: run('test/src/fleet/main.ts'),
  docs: run('test/src/docs/main.ts'),
  console: run('desktop/src/build.ts'),
  desktop: run('desktop/src/desktop.ts'),
  pack: [...types, ...run('scripts/pack.mjs')],
};
