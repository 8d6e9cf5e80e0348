export { describeRuntime, type RuntimeSuiteOptions } from './describe-runtime.ts';
