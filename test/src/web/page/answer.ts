/** Runs in a page: ONNX Runtime in WebAssembly, for whoever calls the page's function `answer`. */
import { createWebRuntime } from '@edgewise/models/runtime-web';
import { answerRequests } from '../../cpus/answer-requests.ts';

const runtime = await createWebRuntime();
Object.assign(globalThis, { answer: answerRequests(runtime), build: runtime.build });
