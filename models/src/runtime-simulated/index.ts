export { createSimulatedRuntime, type SimulatedModel } from './simulated-runtime.ts';
