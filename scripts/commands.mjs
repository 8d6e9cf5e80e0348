// What each `npm run` word does: a list of steps, each a program of node_modules/.bin with its arguments.
const packages = '{protocol,models,agent,hub,desktop,test}';
const node = ['node', '--conditions=edgewise:source', '--disable-warning=ExperimentalWarning'];
const tests = (kind) => [
  ...node,
  '--test',
  '--test-concurrency=2',
  `${packages}/src/**/*.${kind}.ts`,
];

const check = [['biome', 'check', '.']];
const types = [['tsc', '-b']];
const unit = [tests('test')];
const console = [[...node, 'desktop/src/build.ts']];

export const commands = {
  check,
  types,
  unit,
  console,
  fix: [['biome', 'check', '--write', '.']],
  verify: [...check, ...types, ...unit],
};
