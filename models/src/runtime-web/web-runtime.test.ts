import { describeRuntime } from '../runtime-conformance/describe-runtime.ts';
import { createWebRuntime } from './web-runtime.ts';

const runtime = await createWebRuntime();
describeRuntime('onnxruntime-web', () => runtime);
