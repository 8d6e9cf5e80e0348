export { createWebRuntime, type WebRuntimeOptions } from './web-runtime.ts';
